"""Write the dashboards, check them, or draw one from a real Prometheus."""

import sys

from scripts.grafana.command import main

sys.exit(main())
