"""The pages of ``docs/degradations``: what is measured, what is drawn, how it is written."""
