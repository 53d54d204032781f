# SPDX-License-Identifier: MIT
# where.py PREFIX: where below PREFIX this Python looks for modules. Where it looks for
# none there, its usual place, which PYTHONPATH would have to name.
import site
import sys
import sysconfig

prefix = sys.argv[1].rstrip("/")
usual = sysconfig.get_path("purelib", "posix_prefix", {"base": prefix})
# Not /usr/local/lib of /usr, nor lib64, where compiled ones are
print(next((path for path in site.getsitepackages()
            if path.startswith(prefix + "/lib/")), usual))
