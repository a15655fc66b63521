import { type Cell, renderTable } from '../cli/table.ts'
import type { HarnessReport } from './report.ts'

/** The report as a person reads it on a terminal. */
export function presentReport(report: HarnessReport): string {
  const { machine } = report
  const judgements = [...(report.ratios ?? []), ...(report.checks ?? [])]
  return [
    `${report.name}: ${report.runs} run${report.runs === 1 ? '' : 's'} on ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}`,
    '',
    renderTable(columnsOf(report), rowsOf(report)),
    ...(judgements.length === 0
      ? []
      : [
          '',
          renderTable(
            ['goal', 'value', 'wanted', 'holds'],
            judgements.map((entry) => [entry.name, entry.value, entry.goal, entry.holds ? 'yes' : 'NO']),
          ),
        ]),
  ].join('\n')
}

/** Scores are commands of their own, each with its own options. */
const SCORE_COMMANDS: Readonly<Record<string, string>> = {
  reidentification: 'npx leadglass deid reidentify --data-set FOLDER --publish',
}

const HEADINGS = {
  bench: (name: string) => ({ title: `Bench: ${name}`, command: `npm run bench -- ${name} --publish` }),
  fault: (name: string) => ({ title: `Fault run: ${name}`, command: `npm run fault -- ${name} --publish` }),
  score: (name: string) => ({
    title: `Score: ${name}`,
    command: SCORE_COMMANDS[name] ?? `npx leadglass ${name} score --size full --publish`,
  }),
}

/** The report as a page of the documentation. */
export function presentReportAsMarkdown(
  kind: 'bench' | 'fault' | 'score',
  report: HarnessReport,
  measuredOn: string,
): string {
  const { title, command } = HEADINGS[kind](report.name)
  const { machine } = report
  const judgements = [...(report.ratios ?? []), ...(report.checks ?? [])]
  return [
    `# ${title}`,
    '',
    `Written by \`${command}\` on ${measuredOn}; do not edit by hand.`,
    '',
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}; ${report.runs} run(s).`,
    '',
    markdownTable(columnsOf(report), rowsOf(report)),
    '',
    ...(judgements.length === 0
      ? []
      : [
          markdownTable(
            ['goal', 'value', 'wanted', 'holds'],
            judgements.map((entry) => [entry.name, entry.value, entry.goal, entry.holds ? 'yes' : '**no**']),
          ),
          '',
        ]),
  ].join('\n')
}

function columnsOf(report: HarnessReport): string[] {
  return [...new Set(report.results.flatMap((result) => Object.keys(result)))]
}

function rowsOf(report: HarnessReport): Cell[][] {
  const columns = columnsOf(report)
  return report.results.map((result) => columns.map((column) => result[column]))
}

function markdownTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(3) : String(cell ?? '-'))).join(' | ')} |`
  return [line(headings), `|${headings.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}
