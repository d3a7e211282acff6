"""No rule: lets the rule `args` import our modules, which need ansible.module_utils.freqops; else it is silent."""

from pathlib import Path

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).parents[1] / "src"))
