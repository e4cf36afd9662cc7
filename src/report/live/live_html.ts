// The page of runs under way, as its server gives it: empty until events tell it what to show.

import { themes } from "../figures/theme.ts";

/** Its own files and nothing else; style attributes are how the charts' library lays out its tooltips. */
export const livePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; " +
  "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Builds the page. */
export function liveHtml(): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A run under way</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="application/json" id="themes">${JSON.stringify(themes)}</script>
<script src="echarts.js" defer></script>
<script type="module" src="live/live_page.js"></script>
</head>
<body class="scripted">
<header>
<h1 id="title">A run under way</h1>
<p class="lead" id="lead">The figures come when the run has begun.</p>
<noscript><p class="note">The figures need JavaScript.</p></noscript>
<p id="problem" class="note" role="alert" hidden></p>
<p id="status" role="status">Connecting …</p>
<p id="where"></p>
<progress id="progress" max="1" value="0" aria-label="Share of the run that is done"></progress>
<p id="all" hidden><label for="runs">All runs</label>
<progress id="runs" max="1" value="0"></progress> <span></span></p>
</header>
<main id="sections"></main>
<footer>
<p>Charts: Apache ECharts (<a href="license.txt">license</a>).</p>
</footer>
</body>
</html>
`;
}
