import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Credentials } from '../mqtt-link.ts'

/** A throw-away certificate authority for tests: P-256 keys, one level, valid for a day. The product's own is the hub's. */
export class TestCertificateAuthority {
  readonly #key: KeyObject
  readonly #publicKey: KeyObject
  readonly caPem: string

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#key = privateKey
    this.#publicKey = publicKey
    this.caPem = this.#certificate('leadglass test authority', publicKey, [
      // RFC 5280 4.2.1.9 basicConstraints, critical, CA; 4.2.1.3 keyUsage, critical, keyCertSign.
      extension('551d13', sequence(der(0x01, Buffer.from([0xff]))), true),
      extension('551d0f', der(0x03, Buffer.from([0x02, 0x04])), true),
    ])
  }

  /** A client certificate with this CN. */
  client(commonName: string): Credentials {
    return this.#issue(commonName, [])
  }

  /** A server certificate for 127.0.0.1 and localhost. */
  server(): Credentials {
    const names = sequence(der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from('localhost')))
    return this.#issue('localhost', [extension('551d11', names, false)])
  }

  #issue(commonName: string, extensions: readonly Buffer[]): Credentials {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return {
      caPem: this.caPem,
      certificatePem: this.#certificate(commonName, publicKey, extensions),
      keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }

  #certificate(commonName: string, subjectKey: KeyObject, extensions: readonly Buffer[]): string {
    const algorithm = sequence(objectIdentifier('2a8648ce3d040302'))
    const isAuthority = subjectKey === this.#publicKey
    const body = sequence(
      der(0xa0, der(0x02, Buffer.from([2]))),
      der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
      algorithm,
      name(isAuthority ? commonName : 'leadglass test authority'),
      sequence(time(Date.now() - 3_600_000), time(Date.now() + 86_400_000)),
      name(commonName),
      subjectKey.export({ type: 'spki', format: 'der' }),
      ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
    )
    const signature = sign('sha256', body, this.#key)
    const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? []
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  }
}

/** DER (X.690 8.1): tag, length, content. */
function der(tag: number, content: Uint8Array): Buffer {
  const length: number[] = []
  if (content.length < 0x80) length.push(content.length)
  else if (content.length < 0x100) length.push(0x81, content.length)
  else length.push(0x82, content.length >> 8, content.length & 0xff)
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(parts))
}

function objectIdentifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectIdentifier('550403'), der(0x0c, Buffer.from(commonName)))))
}

function time(ms: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
}

function extension(identifier: string, content: Buffer, critical: boolean): Buffer {
  return sequence(
    objectIdentifier(identifier),
    ...(critical ? [der(0x01, Buffer.from([0xff]))] : []),
    der(0x04, content),
  )
}
