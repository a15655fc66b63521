import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SMALLEST_REGION } from './declared.ts'
import exceptions from './reference/without-agreement.json' with { type: 'json' }
import {
  compareWithReference,
  IBSI_FOLDER,
  phantomFeatures,
  readReferenceTable,
  referenceTable,
} from './testing/digital-phantom.ts'
import { SAME_DEFINITIONS } from './testing/pyradiomics-baseline.ts'

const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'radiomics-agreement.md')

describe.skipIf(IBSI_FOLDER === undefined)('agreement with references [needs ../shared/data/ibsi]', () => {
  it('is what docs/radiomics-agreement.md says', async () => {
    const table = readReferenceTable(referenceTable())
    const { agree, differ } = compareWithReference(phantomFeatures(), table)
    expect(agree.length).toBeGreaterThanOrEqual(400)
    expect(differ).toEqual([])
    const families = [...new Set(table.map(({ code }) => code.split('_')[0] ?? ''))]
    const count = (codes: readonly string[], family: string) =>
      codes.filter((code) => code.startsWith(`${family}_`)).length
    const all = table.map(({ code }) => code)
    const rows = families.map((family) => `| ${family} | ${count(all, family)} | ${count(agree, family)} |`)
    const without = exceptions.map(
      ({ code, computed, reason }) => `| ${code} | ${computed ? 'yes' : 'no'} | ${reason} |`,
    )
    const same = Object.entries(SAME_DEFINITIONS).map(
      ([file, names]) => `| ${file} | ${Object.keys(names).length} | ${Object.keys(names).join(', ')} |`,
    )
    const page = `# How far radiomic features agree with references

Written by \`appliance/imaging/radiomics/agreement.int.test.ts\`; \`vitest run --project int appliance/imaging/radiomics -u\`
writes it again. A feature is flagged \`verified\` only when its value here agrees with the reference: the list is generated
by the comparison, and the reference test fails when it claims more.

## IBSI 1, digital phantom

${agree.length} of ${table.length} values agree within the tolerance of the initiative.

| family | values | agree |
|---|---|---|
${rows.join('\n')}

The other ${exceptions.length}:

| feature | computed | why it is not verified |
|---|---|---|
${without.join('\n')}

## IBSI 1, chest CT phantom

The reference values of configurations A to E are published, and the image is not among the shared data: nothing is claimed for
them. What those configurations add to the digital phantom (interpolation, re-segmentation, discretisation) is tested against
PyRadiomics and by unit tests, not against IBSI.

## PyRadiomics

Two cases of its test data (\`brain1\`, \`breast1\`), three-dimensional, slice by slice merged, and combined directions, with fixed bin size
25 and with 64 bins: every feature of the same definition agrees within 1e-6 of its value, features of the surface mesh within 3e-3.

| class | features compared | names in PyRadiomics |
|---|---|---|
${same.join('\n')}

What differs, and why:

| feature | why |
|---|---|
| Kurtosis | IBSI subtracts 3; the test checks that the difference is exactly that |
| Energy, TotalEnergy, RootMeanSquared | the baselines shift intensities by 2000 |
| MajorAxisLength, MinorAxisLength, LeastAxisLength | the covariance there has the divisor n, here n - 1 (IBSI); the test checks the ratio |
| MCC | not a feature of IBSI |
| mesh volume, area and what follows from them | the triangulation differs where voxels touch at an edge; below 0.3 percent |

## In packages

A region of fewer than ${SMALLEST_REGION} voxels gives no values.
`
    await expect(page).toMatchFileSnapshot(PAGE)
  })
})
