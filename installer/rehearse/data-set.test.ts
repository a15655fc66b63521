import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { partOf, readDataSet } from './data-set.ts'

const HEADER =
  'file,source_class,finding_labels,follow_up,patient_id,age,sex,view,orig_w,orig_h,spacing_x,spacing_y,sha256_original'

async function folderWith(...lines: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-data-set-'))
  await writeFile(join(folder, 'index.csv'), `${[HEADER, ...lines].join('\n')}\n`)
  return folder
}

const row = (patient: number, kind: string): string =>
  `${String(patient).padStart(8, '0')}_001.png,${kind},x,1,${patient},61,F,AP,2500,2048,0.168,0.17,00`

describe('the data set of a rehearsal', () => {
  it('is read with the declared split of its patients', async () => {
    const [first] = await readDataSet(await folderWith(row(1326, 'Pneumonia')))
    expect(first).toMatchObject({ patient: '1326', pneumonia: true, view: 'AP', spacing: [0.17, 0.168] })
    expect(['shipped', 'site', 'test']).toContain(first?.split)
  })

  it('says which line is wrong', async () => {
    await expect(readDataSet(await folderWith(row(1, 'Pneumonia'), '../../etc/passwd,x'))).rejects.toThrow(/line 3/)
  })

  it('says when it is not there', async () => {
    await expect(readDataSet(join(tmpdir(), 'no-such-data-set'))).rejects.toMatchObject({ code: 'file-not-found' })
  })

  it('keeps both labels of each split in a part of it', async () => {
    const rows = Array.from({ length: 200 }, (_, index) =>
      row(1000 + index, index % 2 === 0 ? 'Pneumonia' : 'No_findings'),
    )
    const all = await readDataSet(await folderWith(...rows))
    const part = partOf(all, 50)
    expect(part.length).toBeGreaterThan(40)
    expect(part.length).toBeLessThan(60)
    for (const split of ['site', 'test']) {
      expect(new Set(part.filter((one) => one.split === split).map((one) => one.pneumonia)).size).toBe(2)
    }
  })
})
