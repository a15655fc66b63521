import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fillGolden } from '@leadglass/appliance/scoring'
import { readSourceFolder, writePackage } from '@leadglass/models'
import type { Command } from 'commander'
import { cardReportOf, presentCardReport } from '../card-gaps.ts'
import { callerPath, print, withJson } from '../options.ts'

interface PackOptions {
  readonly out: string
  readonly json: boolean
}

/** `leadglass model pack`. */
export function registerModelPack(model: Command): void {
  withJson(
    model
      .command('pack')
      .description(
        "seal an author's folder into a package: schema, wiring, digests; fills in missing golden expectations",
      )
      .argument('<folder>', 'folder with model.json', callerPath)
      .requiredOption('--out <folder>', 'the package folder to make', callerPath),
  ).action(pack)
}

async function pack(folder: string, { out, json }: PackOptions): Promise<void> {
  const { content, filled } = await fillGolden(await readSourceFolder(folder))
  for (const [path, bytes] of filled) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  await mkdir(dirname(out), { recursive: true })
  const made = await writePackage(out, content)
  const expectations = [...filled.keys()]
  const card = cardReportOf(made)
  print(json, { package: made.model, folder: out, expectationsFilledIn: expectations, card }, () =>
    [
      `Packed ${made.model.name}@${made.model.version} into ${out}.`,
      `Digest: ${made.digest}`,
      ...(expectations.length === 0
        ? []
        : [`Filled in from this machine, no parity with the training framework: ${expectations.join(', ')}`]),
      ...presentCardReport(card),
    ].join('\n'),
  )
}
