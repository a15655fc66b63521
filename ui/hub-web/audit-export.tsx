import { useState } from 'react'
import type { AuditQueryView } from '../contract/hub-api.ts'
import { auditProof } from '../contract/hub-api.ts'
import { getJson } from '../shared/api-client.ts'
import { Button } from '../shared/controls.tsx'
import { queryString } from './audit-event.ts'

/** Takes an export of one log, whole or as searched, and says how far it is. */
export function ExportButton({ query }: { readonly query: AuditQueryView }) {
  const [state, setState] = useState<string>()
  const { log } = query
  if (log === undefined) return <span className="small quiet">Choose one log to export it.</span>
  const isWhole = Object.entries(query).every(([name, value]) => name === 'log' || value === undefined)
  const take = async (): Promise<void> => {
    setState('asked for')
    const answer = await fetch(`/api/audit/archive?${queryString(query)}`, { headers: { 'x-leadglass-page': '1' } })
    const whole = Number(answer.headers.get('content-length') ?? 0)
    if (!answer.ok || answer.body === null) throw new Error(String(answer.status))
    const pieces: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    for (const reader = answer.body.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) break
      pieces.push(value)
      bytes += value.length
      setState(whole > 0 ? `${Math.floor((100 * bytes) / whole)} %` : `${bytes} bytes`)
    }
    save(new Blob(pieces, { type: 'application/x-tar' }), `${log}-audit.tar`)
    setState(`written, ${bytes} bytes`)
  }
  return (
    <span className="together">
      <Button
        small
        onClick={() =>
          void take().catch((error: unknown) => setState(`failed: ${error instanceof Error ? error.message : ''}`))
        }
      >
        {isWhole ? 'Export this log' : 'Export these entries'}
      </Button>
      <span className="small quiet figures" role="status">
        {state === undefined ? '' : `Export ${state}`}
      </span>
    </span>
  )
}

/** Takes the proof of one entry. */
export function ProofButton({ log, index }: { readonly log: string; readonly index: number }) {
  const [failed, setFailed] = useState(false)
  const take = async (): Promise<void> => {
    const { proof } = await getJson(`/api/audit/proof/${index}?log=${encodeURIComponent(log)}`, auditProof)
    save(new Blob([proof], { type: 'text/plain' }), `${log}-${index}.tlog-proof`)
    setFailed(false)
  }
  return (
    <p>
      <Button small onClick={() => void take().catch(() => setFailed(true))}>
        Download the proof of this entry
      </Button>
      {failed && <span role="alert"> There is no proof yet: no signed checkpoint covers this entry.</span>}
    </p>
  )
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
