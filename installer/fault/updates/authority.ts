import { join } from 'node:path'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { HttpFetcher } from '@leadglass/sync-agent/updates'
import { CertificateAuthority, type Credential } from '../../../cloud-hub/ingest/certificate-authority.ts'
import { verdictOn } from '../../../sync-agent/updates/testing/attacks/index.ts'
import { RepositoryServer } from '../../../sync-agent/updates/testing/repository-server.ts'
import { Site } from '../../../sync-agent/updates/testing/site.ts'
import type { Part, UpdateRow } from './part.ts'

const CASES = [
  { name: 'malicious mirror: a server whose certificate another authority issued', expected: 'tls', trusts: 'other' },
  {
    name: 'eavesdrop and mirror: the server that our authority vouches for is read',
    expected: 'verified',
    trusts: 'own',
  },
] as const

/** A repository over TLS: only the authority that the device was given at enrolment counts. */
export const authority: Part = {
  name: 'authority',
  summary: 'the repository over TLS, under our authority and under another one',
  async run({ folder }) {
    const own = await issue(join(folder, 'own'))
    const other = await issue(join(folder, 'other'))
    const rows: UpdateRow[] = []
    for (const one of CASES) {
      const site = await Site.create()
      const tls = { key: own.keyPem, cert: own.certificatePem }
      const server = new RepositoryServer(site.repository.files, tls)
      try {
        const ca = one.trusts === 'own' ? own.caPem : other.caPem
        const fetcher = new HttpFetcher({ repositoryUrl: await server.start(), ca, idleTimeoutMs: 2000 })
        rows.push({ ...one, family: 'retrieval', ...verdictOn(one, [await site.agentSees(fetcher)]) })
      } finally {
        await server.stop()
        await site.dispose()
      }
    }
    return rows
  },
}

/** A server certificate of an authority of its own. */
async function issue(folder: string): Promise<Credential & { readonly caPem: string }> {
  const authority = new CertificateAuthority(folder, systemClock)
  await authority.initialise()
  return {
    ...(await authority.issueServer('hub', ['127.0.0.1', 'localhost'])),
    caPem: await authority.certificatePem(),
  }
}
