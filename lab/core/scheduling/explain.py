def render_explanation(e): return []
