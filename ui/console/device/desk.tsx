import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from '../../shared/controls.tsx'
import { deskBridge } from '../../shared/desk-bridge.ts'
import { Facts } from '../../shared/facts.tsx'

/** The console on this desk: what it is paired with and how it shows itself. Nothing in a browser. */
export function DeskPanel() {
  const desk = deskBridge()
  const queries = useQueryClient()
  const facts = useQuery({ queryKey: ['desk'], queryFn: () => desk?.facts() ?? null, enabled: desk !== undefined })
  const mode = useMutation({
    mutationFn: async (next: 'window' | 'kiosk') => desk?.mode(next),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['desk'] }),
  })
  const forget = useMutation({
    mutationFn: async () => desk?.forget(),
    onSuccess: () => window.location.assign('/pair/'),
  })
  if (desk === undefined || facts.data == null) return null
  const { version, appliance, release } = facts.data
  const isKiosk = facts.data.mode === 'kiosk'
  return (
    <section className="panel framed" aria-label="This console">
      <h2>This console</h2>
      <Facts
        facts={[
          { name: 'Version', value: release === 'release' ? version : `${version} (test build: NOT FOR RELEASE)` },
          { name: 'Appliance', value: appliance ?? 'not paired' },
        ]}
      />
      <div className="row">
        <Button small onClick={() => mode.mutate(isKiosk ? 'window' : 'kiosk')} disabled={mode.isPending}>
          {isKiosk ? 'Leave full screen' : 'Full screen, nothing else'}
        </Button>
        <Button small onClick={() => forget.mutate()} disabled={forget.isPending}>
          Pair with another appliance
        </Button>
      </div>
    </section>
  )
}
