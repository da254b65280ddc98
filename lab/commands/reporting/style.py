"""How a report looks: light and dark, on a screen and on paper. Nothing is fetched."""

PALETTE = ("#3b6fd4", "#e08a1e", "#2a9d74", "#b455a0", "#c9a400", "#4ab0d9", "#8a5a2b", "#7a6fd0")
"""Colours of the clusters, told apart by people who see few colours and in grey."""

_CLUSTERS = "\n".join(
    f".c{index} {{ fill: {colour}; background: {colour}; }}" for index, colour in enumerate(PALETTE)
)

CSS = f"""
:root {{
  color-scheme: light dark;
  --page: #ffffff; --text: #1c2430; --quiet: #5b6675; --line: #dde3ea; --soft: #f4f6f9;
  --good: #1a7f4b; --bad: #c22f2f; --warn: #a86a00; --link: #2458b8;
  --fault: #d64545; --grid: #e6ebf1; --rest: #9aa6b4;
}}
@media (prefers-color-scheme: dark) {{
  :root {{
    --page: #12161c; --text: #e4e9f0; --quiet: #98a4b3; --line: #2b333e; --soft: #1a2029;
    --good: #4cc38a; --bad: #ff7b72; --warn: #e3a84a; --link: #7fb0ff;
    --fault: #ff6b6b; --grid: #252d38; --rest: #6b7684;
  }}
}}
* {{ box-sizing: border-box; }}
body {{
  margin: 0 auto; padding: 28px 24px 60px; max-width: 1040px; background: var(--page);
  color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}}
h1 {{ margin: 0; font-size: 27px; line-height: 1.25; overflow-wrap: anywhere; }}
h2 {{ margin: 40px 0 12px; font-size: 19px; border-bottom: 1px solid var(--line);
  padding-bottom: 5px; }}
h3 {{ margin: 22px 0 6px; font-size: 15.5px; }}
p {{ margin: 6px 0; max-width: 78ch; }}
a {{ color: var(--link); text-decoration: none; }}
a:hover {{ text-decoration: underline; }}
.quiet, .meta {{ color: var(--quiet); }}
.meta {{ font-size: 13px; overflow-wrap: anywhere; }}
.badge {{ display: inline-block; padding: 2px 12px; border-radius: 14px; font-weight: 650;
  color: #fff; background: var(--quiet); vertical-align: 4px; font-size: 13px;
  margin-left: 10px; }}
.badge.good {{ background: #1a7f4b; color: #fff; }}
.badge.bad {{ background: #c22f2f; color: #fff; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px;
  margin: 20px 0 6px; }}
.card {{ background: var(--soft); border: 1px solid var(--line); border-radius: 9px;
  padding: 10px 14px; }}
.card b {{ display: block; font-size: 20px; white-space: nowrap; line-height: 1.3;
  font-variant-numeric: tabular-nums; }}
.card span {{ color: var(--quiet); font-size: 12.5px; }}
.good {{ color: var(--good); }} .bad {{ color: var(--bad); }} .warn {{ color: var(--warn); }}
table {{ border-collapse: collapse; width: 100%; font-size: 13.5px; }}
th {{ text-align: left; font-weight: 600; color: var(--quiet); font-size: 12px;
  border-bottom: 1px solid var(--line); padding: 4px 10px 4px 0; white-space: nowrap; }}
td {{ padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
td.w {{ white-space: nowrap; }}
td.event {{ white-space: nowrap; color: var(--quiet); font-variant-numeric: tabular-nums; }}
tr:target td, details:target > summary {{
  background: color-mix(in srgb, var(--warn) 20%, transparent);
}}
.topic {{ display: inline-block; min-width: 74px; font-size: 12px; color: var(--quiet); }}
.topic.fault, .topic.warning {{ color: var(--bad); font-weight: 600; }}
.topic.cluster {{ color: var(--warn); }} .topic.scheduled {{ color: var(--link); }}
.topic.step {{ font-weight: 600; color: var(--text); }}
tr.turn td {{ background: var(--soft); font-weight: 600; }}
details {{ border: 1px solid var(--line); border-radius: 8px; margin: 5px 0;
  background: var(--soft); }}
summary {{ cursor: pointer; padding: 6px 12px; font-size: 13.5px; overflow-wrap: anywhere; }}
summary .when {{ display: inline-block; min-width: 84px; color: var(--quiet);
  font-variant-numeric: tabular-nums; }}
details > div {{ padding: 2px 12px 10px; }}
pre {{ margin: 6px 0; font: 12px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  overflow-x: auto; white-space: pre; }}
.chart {{ display: block; width: 100%; height: auto; margin: 8px 0 2px; }}
.chart text {{ font: 12px system-ui, sans-serif; fill: var(--text); }}
.chart .tick, .chart .note {{ font-size: 11px; fill: var(--quiet); }}
.chart .heading {{ font-size: 14px; font-weight: 600; }}
.chart .faultname {{ font-size: 11px; fill: var(--fault); font-weight: 600; }}
.chart .name {{ font-weight: 600; }}
.grid, .lane {{ stroke: var(--grid); stroke-width: 1; }}
.area {{ fill-opacity: .82; stroke: none; }}
.wanted {{ fill: none; stroke: var(--text); stroke-width: 1.6; stroke-dasharray: 6 4; }}
.claimed {{ fill: none; stroke: var(--text); stroke-width: 1.2; stroke-dasharray: 2 3; }}
rect.fault {{ fill: var(--fault); fill-opacity: .13; stroke: var(--fault); stroke-opacity: .45;
  stroke-width: .7; }}
.state.ready {{ fill: #2f9e63; }} .state.down {{ fill: #d64545; }}
.state.unknown {{ fill: #d99a1c; }} .state.absent {{ fill: none; stroke: var(--line); }}
.rest {{ fill: var(--rest); background: var(--rest); }}
{_CLUSTERS}
.phase {{ fill: var(--rest); background: var(--rest); }}
.phase.below {{ fill: #c22f2f; background: #c22f2f; }}
.phase.detect {{ fill: #d64545; background: #d64545; }}
.phase.taint {{ fill: #e08a1e; background: #e08a1e; }}
.phase.evict {{ fill: #c9a400; background: #c9a400; }}
.phase.schedule {{ fill: #7a6fd0; background: #7a6fd0; }}
.phase.apply {{ fill: #3b6fd4; background: #3b6fd4; }}
.phase.open {{ fill: var(--fault); fill-opacity: .25; stroke: var(--fault);
  stroke-dasharray: 4 3; }}
.phase.ready {{ fill: #2a9d74; background: #2a9d74; }}
.swatch {{ display: inline-block; width: 11px; height: 11px; border-radius: 3px;
  margin: 0 6px 0 0; vertical-align: -1px; }}
.legend {{ font-size: 12.5px; color: var(--quiet); margin: 6px 0 4px; }}
.legend span {{ margin-right: 16px; white-space: nowrap; }}
@media (max-width: 700px) {{
  table {{ display: block; overflow-x: auto; }}
  td {{ overflow-wrap: normal; }}
}}
@media print {{
  :root {{
    --page: #fff; --text: #000; --quiet: #444; --line: #ccc; --soft: #fff; --grid: #ddd;
    --good: #14613a; --bad: #a32020; --warn: #7a4d00; --link: #000; --fault: #c22f2f;
  }}
  body {{ max-width: none; padding: 0; font-size: 11pt; }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  h2, h3, .legend, h2 + p {{ break-after: avoid; }}
  .chart, tr, .card {{ break-inside: avoid; }}
  table {{ font-size: 9.5pt; }}
  pre {{ white-space: pre-wrap; font-size: 7.5pt; }}
  details::details-content {{ content-visibility: visible; block-size: auto; }}
}}
"""
