"""Old things of this host: found, judged by the policy, removed, and read back."""
