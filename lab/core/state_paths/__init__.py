"""JSONPath templates as state preservation reads them: client-go's own language, to the letter.

Unlike the lenient paths of `lab.core.jsonpath`, a field that is not there is an error, numbers are
floating point (so that 1000000 reads 1e+06), and texts outside braces are taken as they are.
"""

from lab.core.state_paths.filling import filled
from lab.core.state_paths.parsing import PathError

__all__ = ["PathError", "filled"]
