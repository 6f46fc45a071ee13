// Draws the charts with uPlot in place of those the server drew, and keeps them fresh.
"use strict";

(() => {
  const figures = [...document.querySelectorAll("[data-chart]")];
  if (!figures.length) return;
  const span = figures[0].dataset.span;
  const HEIGHT = 170;
  const plots = new Map();
  let columns = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const isTime = (name) => name.endsWith("_ms");

  function spell(name, value) {
    if (value === null || value === undefined) return "–";
    if (isTime(name)) return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
    return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
  }

  function options(figure, names, labels) {
    const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    return {
      width: figure.querySelector(".plot").clientWidth,
      height: HEIGHT,
      cursor: { y: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      legend: { live: true },
      scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, size: 32, space: 70, values: [
          [3600, "{HH}:{mm}", null, null, null, null, null, null, 1],
          [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
        ] },
        { ...axis, size: 58, values: (_plot, ticks) => ticks.map((value) => spell(names[0], value)) },
      ],
      series: [
        { label: "At", value: "{HH}:{mm}:{ss}" },
        ...names.map((name, index) => ({
          label: labels[index],
          stroke: colour(index ? "--line2" : "--line1"),
          width: 1.5,
          dash: index ? [5, 3] : undefined,
          spanGaps: false,
          points: { show: false },
          value: (_plot, value) => spell(name, value),
        })),
      ],
    };
  }

  function draw(figure) {
    const names = figure.dataset.names.split(" ");
    const data = [columns.at_ms.map((at) => at / 1000), ...names.map((name) => columns[name])];
    const plot = plots.get(figure);
    if (plot) {
      plot.setData(data);
    } else {
      const place = figure.querySelector(".plot");
      place.replaceChildren();
      plots.set(figure, new uPlot(options(figure, names, figure.dataset.labels.split("|")), data, place));
    }
  }

  function redraw() {
    if (!columns || !columns.at_ms.length) return;
    plots.forEach((plot) => plot.destroy());
    plots.clear();
    figures.forEach(draw);
  }

  async function refresh() {
    try {
      const answer = await fetch(`/v1/samples?span=${span}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      columns = await answer.json();
      if (columns.at_ms.length) figures.forEach(draw);
    } catch {
      // The node is away: what was drawn stays.
    }
  }

  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      redraw();
    }
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("news", refresh);
  refresh();
})();
