import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { type PrintDocument, renderPdf } from './index.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-print-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const DOCUMENT: PrintDocument = {
  title: 'Approval record',
  subject: 'chest-radiograph 1.0.0',
  reference: 'a'.repeat(64),
  createdAt: '2026-11-22T12:00:00.000Z',
  metadata: { chaiMcSoftwareId: 'chest-radiograph@1.0.0', chaiMcXml: '<card title="a (b) \\ c">ä</card>' },
  sections: [
    {
      heading: 'What',
      blocks: [
        { kind: 'text', text: 'A paragraph.' },
        {
          kind: 'fields',
          fields: [
            ['Person', 'Łukasz Müller'],
            ['Empty', ''],
          ],
        },
        {
          kind: 'table',
          columns: ['metric', 'value'],
          rows: [
            ['AUC', '0.91'],
            ['Brier', '0.08'],
          ],
          emphasis: [1],
        },
        { kind: 'finding', severity: 'gap', text: 'No evidence of a second reader' },
        { kind: 'finding', severity: 'ok', text: 'Signatures verified' },
      ],
    },
  ],
}

function withText(text: string): PrintDocument {
  return {
    ...DOCUMENT,
    sections: [
      {
        heading: text,
        blocks: [
          { kind: 'text', text },
          { kind: 'fields', fields: [[text, text]] },
        ],
      },
    ],
  }
}

const PDFTOTEXT = peer('pdftotext')

/** The text that another reader of PDF sees. */
async function textOf(pdf: Uint8Array): Promise<string> {
  const path = join(folder, 'document.pdf')
  await writeFile(path, pdf)
  execFileSync(PDFTOTEXT ?? '', ['-layout', path, `${path}.txt`])
  return await readFile(`${path}.txt`, 'utf8')
}

describe('renderPdf', () => {
  it('prints equal bytes for equal documents and other bytes for others', async () => {
    const first = await renderPdf(DOCUMENT)
    expect(Buffer.from(await renderPdf(structuredClone(DOCUMENT))).equals(first)).toBe(true)
    expect(Buffer.from(await renderPdf({ ...DOCUMENT, subject: 'other' })).equals(first)).toBe(false)
  })

  it.skipIf(PDFTOTEXT === undefined)(
    'is read by another program with every word, findings in words and page numbers',
    async () => {
      const text = await textOf(await renderPdf(DOCUMENT))
      expect(text).toContain('Approval record')
      expect(text).toContain('GAP: No evidence of a second reader')
      expect(text).toContain('OK: Signatures verified')
      expect(text).toContain('Lukasz Müller')
      expect(text).toMatch(/Page 1 of 1/)
      expect(text).toContain('written as their code points')
    },
  )

  it.skipIf(PDFTOTEXT === undefined)('turns pages, numbers them all, and repeats the head of a table', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => [`row ${index}`, 'x'])
    const text = await textOf(
      await renderPdf({
        ...DOCUMENT,
        sections: [{ heading: 'Rows', blocks: [{ kind: 'table', columns: ['counted name', 'value'], rows }] }],
      }),
    )
    const pages = Number(/Page 1 of (\d+)/.exec(text)?.[1])
    expect(pages).toBeGreaterThan(5)
    expect(text).toContain(`Page ${pages} of ${pages}`)
    expect(text.match(/counted name/g)).toHaveLength(pages)
    for (const index of [0, 150, 299]) expect(text).toMatch(new RegExp(`row ${index}\\b`))
  })

  it.skipIf(PDFTOTEXT === undefined)(
    'wraps a word longer than a line, in every kind of block, and loses none of it',
    async () => {
      const word = 'x'.repeat(5000)
      const text = await textOf(
        await renderPdf({
          ...DOCUMENT,
          sections: [
            {
              heading: 'Long',
              blocks: [
                { kind: 'text', text: word },
                { kind: 'fields', fields: [['label', word]] },
                { kind: 'table', columns: ['a', 'b'], rows: [[word, word]] },
                { kind: 'finding', severity: 'gap', text: word },
              ],
            },
          ],
        }),
      )
      expect(text.match(/x/g)?.length).toBe(5 * 5000)
    },
  )

  it.skipIf(PDFTOTEXT === undefined)(
    'draws hostile text as text: mark-up, PDF operators, direction marks and other scripts',
    async () => {
      const text = await textOf(
        await renderPdf(withText(') Tj ET /JS (app.alert) <script> \u202Egnp.exe \u0000 心電図 [a](javascript:b)')),
      )
      expect(text).toContain('<script>')
      expect(text).toContain('[U+202E]')
      expect(text).toContain('[U+0000]')
      expect(text).toContain('[U+5FC3]')
      const raw = Buffer.from(await renderPdf(withText('/JavaScript (x) >> /OpenAction'))).toString('latin1')
      expect(raw).not.toMatch(/\/(?:JavaScript|OpenAction|URI|Annots)\b(?! \[\])/)
    },
  )

  it('keeps metadata whole in the information dictionary', async () => {
    const path = join(folder, 'document.pdf')
    await writeFile(path, await renderPdf(DOCUMENT))
    const raw = (await readFile(path)).toString('latin1')
    expect(raw).toContain('/chaiMcXml')
    expect(raw).toContain('(chest-radiograph@1.0.0)')
  })

  it.each(['Title', 'a b', 'x /JS', '', 'ä'])('refuses the metadata name "%s"', async (name) => {
    await expect(renderPdf({ ...DOCUMENT, metadata: { [name]: 'x' } })).rejects.toMatchObject({
      code: 'metadata-name-refused',
    })
  })

  it('refuses a document of hostile size', async () => {
    await expect(renderPdf(withText('x'.repeat(3_000_000)))).rejects.toMatchObject({ code: 'document-too-large' })
  })
})
