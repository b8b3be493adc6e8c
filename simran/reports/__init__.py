"""What people look at: tables of results, designs and checks."""

from simran.reports.calibration import draw_calibration, render_calibration
from simran.reports.capacity import draw_capacity, render_capacity
from simran.reports.catalogue import render_profiles, render_sensitivity
from simran.reports.comparison import draw_comparison, render_comparison
from simran.reports.design_figure import draw_design_curves, draw_feasible
from simran.reports.designs import render_checks, render_design, render_verdicts
from simran.reports.making import render_making
from simran.reports.progress import progress_bar, progress_table
from simran.reports.summary import render_summary
from simran.reports.tables import render_rows

__all__ = [
    "draw_calibration",
    "draw_capacity",
    "draw_comparison",
    "draw_design_curves",
    "draw_feasible",
    "progress_bar",
    "progress_table",
    "render_calibration",
    "render_capacity",
    "render_checks",
    "render_comparison",
    "render_design",
    "render_making",
    "render_profiles",
    "render_rows",
    "render_sensitivity",
    "render_summary",
    "render_verdicts",
]
