import { describe, expect, it } from 'vitest'
import { destination } from './settings-destinations.ts'

const DICOM = { name: 'pacs', aeTitle: 'PACS', host: '192.0.2.20', port: 104 }
const STOW = { name: 'vna', protocol: 'stow', url: 'https://vna.example/dicom-web/' }

describe('the entry of a destination', () => {
  it('is DICOM with structured reports unless it says otherwise', () => {
    expect(destination.parse(DICOM)).toMatchObject({ ...DICOM, protocol: 'dicom', kinds: ['sr'], confirm: 'store' })
  })

  it('has host and port of its URL over HTTP, and no AE title', () => {
    expect(destination.parse(STOW)).toMatchObject({ host: 'vna.example', port: 443, aeTitle: '' })
    expect(destination.parse(STOW).url).toBe('https://vna.example/dicom-web')
    expect(destination.parse({ ...STOW, url: 'http://10.0.0.1:8042/x' })).toMatchObject({
      host: '10.0.0.1',
      port: 8042,
    })
  })

  it.each([DICOM, STOW])('reads what it wrote as the same', (entry) => {
    const once = destination.parse(entry)
    expect(destination.parse(JSON.parse(JSON.stringify(once)))).toEqual(once)
  })

  it.each([
    ['DICOM without a title', { ...DICOM, aeTitle: undefined }, 'aeTitle'],
    ['DICOM with a URL', { ...DICOM, url: 'https://x.example' }, 'url'],
    ['STOW without a URL', { ...STOW, url: undefined }, 'url'],
    ['STOW with another host', { ...STOW, host: 'other.example' }, 'host'],
    ['DICOM with an empty title', { ...DICOM, aeTitle: '' }, 'aeTitle'],
    ['STOW with a title', { ...STOW, aeTitle: 'X' }, 'aeTitle'],
    ['storage commitment over HTTP', { ...STOW, confirm: 'commitment' }, 'confirm'],
    ['a picture over FHIR', { ...STOW, protocol: 'fhir', kinds: ['sr', 'sc'] }, 'kinds'],
    ['a password in the URL', { ...STOW, url: 'https://user:secret@x.example' }, 'url'],
    ['a query in the URL', { ...STOW, url: 'https://x.example/?a=b' }, 'url'],
    ['a token in the clear', { ...STOW, url: 'http://x.example', bearerFile: '/run/token' }, 'url'],
    ['a header with a line break', { ...STOW, headers: { 'X-A': 'b\r\nX-C: d' } }, 'headers'],
    ['credentials among the headers', { ...STOW, headers: { Authorization: 'Basic eA==' } }, 'headers'],
  ])('refuses %s', (_name, entry, member) => {
    const parsed = destination.safeParse(entry)
    expect(parsed.error?.issues.some((issue) => issue.path[0] === member)).toBe(true)
  })
})
