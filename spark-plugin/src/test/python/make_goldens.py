"""Makes all golden files of the tests; README.md says with what.

    python make_goldens.py
"""

import goldens_schedule
import goldens_text
import goldens_wan


def main() -> None:
    for module in (goldens_text, goldens_schedule, goldens_wan):
        module.main()


if __name__ == "__main__":
    main()
