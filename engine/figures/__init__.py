"""Any view as a figure for a paper or a slide: the only place that imports matplotlib."""
