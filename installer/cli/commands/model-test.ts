import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type PackageTestReport, testPackage } from '@leadglass/appliance/scoring'
import { readPackage, readSourceFolder, SOURCE_NAME, writePackage } from '@leadglass/models'
import type { Command } from 'commander'
import { type CardReport, cardReportOf, presentCardReport } from '../card-gaps.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

const PROGRAM_ROOT = resolve(import.meta.dirname, '..', '..', '..')

/** `leadglass model test`. */
export function registerModelTest(model: Command): void {
  withJson(
    model
      .command('test')
      .description(
        "test a package, or an author's folder, as an appliance would: format, operators, golden cases, limits",
      )
      .argument('<folder>', 'package folder, or folder with model.json', callerPath),
  ).action(test)
}

async function test(folder: string, { json }: { readonly json: boolean }): Promise<void> {
  const isSource = await access(join(folder, SOURCE_NAME)).then(
    () => true,
    () => false,
  )
  const { card, ...report } = isSource ? await testSource(folder) : await testSealed(folder)
  print(json, { ...report, card }, () =>
    [
      report.package === null ? 'No package' : `${report.package.name}@${report.package.version}`,
      renderTable(
        ['check', 'result', 'detail'],
        report.checks.map(({ check, passed, detail }) => [check, passed ? 'passed' : 'FAILED', detail]),
      ),
      ...(card === null ? [] : presentCardReport(card)),
    ].join('\n'),
  )
  if (!report.passed) process.exitCode = EXIT.failed
}

/** What an appliance would find, and what a hub will ask of the card; that is for the author to know, and fails nothing. */
type ReportWithCard = PackageTestReport & { readonly card: CardReport | null }

async function testSealed(folder: string): Promise<ReportWithCard> {
  const report = await testPackage(folder, PROGRAM_ROOT)
  return { ...report, card: report.package === null ? null : cardReportOf(await readPackage(folder)) }
}

async function testSource(folder: string): Promise<ReportWithCard> {
  const root = await mkdtemp(join(tmpdir(), 'model-test-'))
  try {
    const { folder: sealed } = await writePackage(join(root, 'package'), await readSourceFolder(folder))
    return await testSealed(sealed)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
