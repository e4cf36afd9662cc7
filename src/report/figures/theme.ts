// Colours of all charts, on white and on dark paper.

/** Okabe and Ito's colours, told apart by the colour-blind too; without black and pale yellow. */
export const palette = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"] as const;

/** Colours that depend on the paper. */
interface Paper {
  readonly background: string;
  readonly text: string;
  readonly faintText: string;
  readonly line: string;
  readonly faintLine: string;
}

const papers = {
  light: {
    background: "#ffffff",
    text: "#24292f",
    faintText: "#57606a",
    line: "#8c959f",
    faintLine: "#e7eaee",
  },
  dark: {
    background: "#15191e",
    text: "#e6e9ed",
    faintText: "#a3acb6",
    line: "#6b7580",
    faintLine: "#2b323a",
  },
} satisfies Record<string, Paper>;

/** ECharts themes. The first colour is the text's: it is for what sums up the others, such as a mean. */
export const themes = {
  light: themeOf(papers.light, false),
  dark: themeOf(papers.dark, true),
};

function themeOf({ background, text, faintText, line, faintLine }: Paper, darkMode: boolean) {
  const axis = {
    axisLine: { show: true, lineStyle: { color: line } },
    axisTick: { lineStyle: { color: line } },
    axisLabel: { color: faintText },
    nameTextStyle: { color: text },
    splitLine: { lineStyle: { color: faintLine } },
  };
  return {
    darkMode,
    color: [text, ...palette],
    backgroundColor: "transparent",
    textStyle: { color: text },
    legend: { textStyle: { color: text }, inactiveColor: line },
    valueAxis: axis,
    categoryAxis: { ...axis, splitLine: { lineStyle: { color: background } } },
    visualMap: { textStyle: { color: text } },
    heatmap: { label: { color: text } },
    tooltip: {
      backgroundColor: background,
      borderColor: line,
      textStyle: { color: text },
      axisPointer: { lineStyle: { color: line } },
    },
  };
}
