"""`python -m appliance`, and the entry point of the executable."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["extract-pdf"]:
        # The guarded children of the executable: nothing else of the appliance is loaded in it.
        from appliance.engines.pdf_child import main as extract_pdf

        sys.exit(extract_pdf())
    if sys.argv[1:2] == ["try-model"] and len(sys.argv) == 3:
        from appliance.engines.model_trial_child import main as try_model

        sys.exit(try_model(sys.argv[2]))
    from appliance.cli import main

    main()
