"""The looks of the page: light or dark as the reader's system says, one column on a telephone."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2330;--soft:#5b6475;--line:#d9dde5;--card:#f7f8fa}
@media(prefers-color-scheme:dark){:root{--paper:#14171d;--ink:#e7eaf0;--soft:#a1a9b8;--line:#333945;--card:#1c2028}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header,main{max-width:1180px;margin:auto;padding:0 16px}
header{padding-top:20px}
h1{font-size:26px;margin:0}
h2{font-size:20px;margin:36px 0 4px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:20px 0 6px;color:var(--soft);font-weight:600}
header p{margin:2px 0 8px;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:4px 16px}
a{color:inherit}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:14px}
figure{margin:0;padding:10px 12px;background:var(--card);border:1px solid var(--line);border-radius:6px;min-width:0}
figure.wide{grid-column:1/-1}
figcaption{font-weight:600;margin-bottom:4px;overflow-wrap:anywhere}
svg{display:block;width:100%;max-width:640px;height:auto;color:var(--soft)}
svg text{font:10px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--line);stroke-width:.7}
.axis{stroke:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:2px 14px;list-style:none;margin:0 0 8px;padding:0;font-size:13px}
.legend i{display:inline-block;width:18px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle}
.bars{list-style:none;margin:0;padding:0;font-size:13px}
.bars li{display:grid;grid-template-columns:minmax(70px,28%) 1fr auto;gap:8px;align-items:center;padding:1px 0}
.bars span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars b{height:11px;background:var(--line);border-radius:2px;overflow:hidden}
.bars i{display:block;height:100%}
.bars em{font-style:normal;font-variant-numeric:tabular-nums;min-width:44px;text-align:right}
.bars.wide em{min-width:118px}
.scroll{overflow-x:auto;max-height:460px}
table{border-collapse:collapse;font-size:13px}
th,td{padding:3px 9px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
th{position:sticky;top:0;background:var(--card)}
.number{text-align:right;font-variant-numeric:tabular-nums}
.images{display:flex;flex-wrap:wrap;align-items:flex-start;gap:12px}
img{display:block;width:520px;max-width:100%;height:auto;background:#fff;border-radius:4px}
.none{color:var(--soft);margin:4px 0}
"""
