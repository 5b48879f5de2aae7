export interface Group {
  readonly title: string;
  readonly bars: readonly {
    readonly name: string;
    /** `undefined`: it did not run, and why. */
    readonly ratio: number | undefined;
    readonly why?: string | undefined;
  }[];
}

const BAR = 22;
const LABEL = 190;
const WIDTH = 760;

/** Bars of what is left of the unprotected throughput, light and dark by the reader's setting. */
export function drawBars(title: string, groups: readonly Group[]): string {
  const most = Math.max(1.3, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio ?? 0)));
  const scale = (ratio: number) => Math.round((ratio / most) * (WIDTH - LABEL - 70));
  let y = 44;
  const parts: string[] = [];
  for (const group of groups) {
    parts.push(`<text class="group" x="0" y="${y}">${escaped(group.title)}</text>`);
    y += 12;
    for (const { name, ratio, why = '' } of group.bars) {
      const kind = name.startsWith('oncekey') ? 'ours' : 'theirs';
      parts.push(`<text x="${LABEL - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`);
      if (ratio === undefined) parts.push(`<text x="${LABEL}" y="${y + 15}">did not run: ${escaped(why)}</text>`);
      else
        parts.push(
          `<rect class="${kind}" x="${LABEL}" y="${y + 2}" width="${Math.max(1, scale(ratio))}" height="${BAR - 6}" rx="2"/>`,
          `<text x="${LABEL + scale(ratio) + 6}" y="${y + 15}">${ratio.toFixed(2)}</text>`,
        );
      y += BAR;
    }
    y += 26;
  }
  const one = LABEL + scale(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-labelledby="t d">
<title id="t">${escaped(title)}</title>
<desc id="d">${escaped(groups.map(inWords).join(' '))}</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1d1c1a }
.title { font-weight: 600; font-size: 15px } .group { font-weight: 600 }
.ours { fill: #0c6b51 } .theirs { fill: #b9b4a8 } line { stroke: #66625b; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) { text { fill: #efeee9 } .ours { fill: #57c9a0 } .theirs { fill: #55564f } line { stroke: #a5a29a } }
</style>
<text class="title" x="0" y="16">${escaped(title)}</text>
<line x1="${one}" y1="50" x2="${one}" y2="${y - 20}"/>
${parts.join('\n')}
</svg>
`;
}

/** For who cannot see the bars. */
function inWords({ title, bars }: Group): string {
  return `${title}: ${bars.map(({ name, ratio }) => `${name} ${ratio?.toFixed(2) ?? 'did not run'}`).join(', ')}.`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
