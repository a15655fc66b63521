import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { renderPdf } from '../print/index.ts'
import { cardDigest } from './card-document.ts'
import { cardPrint } from './card-print.ts'
import { chaiXml } from './chai-xml.ts'
import { fhirDocumentReference } from './fhir.ts'
import { chaiOrder } from './testing/chai-order.ts'
import { shippedDocument } from './testing/shipped-card.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadglass-card-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const HOSTILE =
  ']]></Summary><!ENTITY x SYSTEM "file:///etc/passwd">&x; <script>alert(1)</script> [a](javascript:b) \u0000\u0008'

describe.skipIf(peer('xmllint') === undefined)('CHAI XML', () => {
  async function lint(xml: string, xpath?: string): Promise<string> {
    const path = join(folder, 'card.xml')
    await writeFile(path, xml)
    return execFileSync('xmllint', ['--nonet', ...(xpath === undefined ? ['--noout'] : ['--xpath', xpath]), path], {
      encoding: 'utf8',
    })
  }

  it('is well formed and has the elements of the schema in the order of its sequences', async () => {
    const xml = chaiXml(await shippedDocument())
    await lint(xml)
    expect(chaiOrder(xml)).toEqual([])
    expect(
      await lint(xml, 'string(/*[local-name()="AppliedModelCard"]/*[2]/*[local-name()="ReleaseVersion"])'),
    ).toContain('1.1.0')
  })

  it('is found out by the check when an element is missing, doubled or out of order', async () => {
    const xml = chaiXml(await shippedDocument())
    expect(chaiOrder(xml.replace(/ *<FundingSource>[^<]*<\/FundingSource>\n/, ''))).not.toEqual([])
    expect(
      chaiOrder(xml.replace('<Bibliography></Bibliography>', '<Other></Other><Bibliography></Bibliography>')),
    ).not.toEqual([])
  })

  it('is found out by the check when a metric has no result', async () => {
    const xml = chaiXml(await shippedDocument())
    expect(chaiOrder(xml.replace(/<Results>[\s\S]*?<\/Results>/, '<Results>\n</Results>'))).toEqual(['Results: '])
  })

  it('keeps hostile text as text', async () => {
    const xml = chaiXml(await shippedDocument({ card: { summary: HOSTILE, intendedUse: HOSTILE } }))
    await lint(xml)
    expect(chaiOrder(xml)).toEqual([])
    expect(xml).not.toContain('<script')
    expect(xml).not.toContain('<!ENTITY')
    const text = await lint(xml, 'string(//*[local-name()="Summary"])')
    expect(text).toContain('alert(1)')
    expect(text).toContain(String.raw`\[a\](javascript:b)`)
  })
})

describe('the other exports', () => {
  it('PDF carries the CHAI XML and its identifier, and is the same bytes for the same card', async () => {
    const document = await shippedDocument()
    const pdf = await renderPdf(cardPrint(document))
    expect(Buffer.from(await renderPdf(cardPrint(document))).equals(pdf)).toBe(true)
    const raw = Buffer.from(pdf).toString('latin1')
    expect(raw).toContain('/chaiMcSoftwareId')
    expect(raw).toContain(`chest-radiograph@1.1.0+sha256.${document.model.digest}`)
    expect(raw).toContain('/chaiMcXml')
    expect(raw).toContain(cardDigest(document))
  })

  it('FHIR DocumentReference holds both attachments, byte for byte, with their hashes', async () => {
    const document = await shippedDocument()
    const xml = Buffer.from(chaiXml(document))
    const pdf = await renderPdf(cardPrint(document))
    const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64')
    const resource = fhirDocumentReference(document, { xml, pdf }, sha1)
    expect(resource).toMatchObject({
      resourceType: 'DocumentReference',
      status: 'current',
      type: { coding: [{ code: 'AIModelCard' }] },
      category: [{ coding: [{ code: 'AImodelCardCHAIformat' }] }],
      content: [
        {
          attachment: {
            contentType: 'application/xml',
            data: xml.toString('base64'),
            hash: sha1(xml),
            size: xml.length,
          },
        },
        { attachment: { contentType: 'application/pdf', data: Buffer.from(pdf).toString('base64'), hash: sha1(pdf) } },
      ],
    })
  })

  it('say of local performance only what was seen', async () => {
    const attributes = async (fleet?: Parameters<typeof shippedDocument>[1]): Promise<(string | null)[]> =>
      (await shippedDocument({}, fleet)).groups
        .flatMap((group) => group.attributes)
        .filter((one) => ['(8)(ii)', '(8)(iv)'].includes(one.clause))
        .map((one) => one.text)
    expect(await attributes()).toEqual([
      expect.stringMatching(/^Not available/),
      expect.stringMatching(/^Not available/),
    ])
    const figures = {
      group: 'all',
      studies: 3,
      positives: 1,
      negatives: 2,
      auc: null,
      sensitivity: null,
      specificity: null,
    }
    const seen = await attributes({
      findings: [
        {
          finding: 'pneumonia',
          sites: 1,
          window: { from: '2026-10', to: '2026-11' },
          ...figures,
          subgroups: [{ ...figures, group: 'sex F' }],
        },
      ],
      drift: {
        comparisons: 2,
        stable: 1,
        moderate: 0,
        major: 0,
        tooFew: 1,
        window: { from: '2026-10', to: '2026-11' },
      },
    })
    expect(seen[0]).toContain('n 3 (1 present, 2 absent), too few for an estimate; 1 site(s), 2026-10 to 2026-11')
    expect(seen[0]).toContain('2 comparisons, 1 stable')
    expect(seen[1]).toContain('sex F: n 3')
  })
})
