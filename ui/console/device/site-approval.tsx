import type { LocalModelList } from '../../contract/local-api.ts'
import { formatInstant } from '../../shared/format.ts'
import { Given } from '../../shared/given.tsx'
import { useSession } from '../../shared/session.ts'
import { StateMark } from '../../shared/state-mark.tsx'

type Model = LocalModelList['models'][number]

/** Who may act on the box itself, where the site key is kept. */
const ADMINISTRATORS: ReadonlySet<string> = new Set(['site-admin', 'operator'])

/** Versions that the hub's approvers signed and that wait for the hospital: what each is, and exactly what to do. */
export function SiteApproval({ models }: { readonly models: readonly Model[] }) {
  const waiting = models.filter((one) => one.waitsForSite)
  if (waiting.length === 0) return null
  return (
    <section className="section" aria-label="The hospital’s approval">
      <h2>The hospital’s approval</h2>
      {waiting.map((model) => (
        <Waiting key={model.model.digest} model={model} />
      ))}
    </section>
  )
}

function Waiting({ model }: { readonly model: Model }) {
  const { role } = useSession()
  const { name, version, digest } = model.model
  return (
    <div className="panel framed">
      <StateMark tone="waiting">
        <strong>
          {name} {version} waits for the hospital
        </strong>
      </StateMark>
      <dl className="sign-facts">
        <Fact name="What it is">{model.title ?? 'It does not say.'}</Fact>
        <Fact name="Intended use">{model.intendedUse ?? 'It does not say.'}</Fact>
        <Fact name="Operating points">
          {model.outputs
            .map(({ title, thresholdMilli }) => `${title} ${(thresholdMilli / 1000).toFixed(3)}`)
            .join(', ') || 'none'}
        </Fact>
        <Fact name="Signed at the hub by">
          {model.approvals.map((one) => `${one.person} (${one.role})`).join(', ')}
        </Fact>
        <Fact name="Here since">{formatInstant(model.changedAt)}</Fact>
        <Fact name="SHA-256 of the package">{digest}</Fact>
        {model.message !== null && <Fact name="State">{model.message}</Fact>}
      </dl>
      {ADMINISTRATORS.has(role) ? (
        <>
          <p>
            Read the model card at the hub, compare the SHA-256 with the one that the command shows, and sign with the
            key of the site, on this box:
          </p>
          <p className="mono site-command">
            leadglass approve local sign {name}@{version} --key SITE-KEY-FILE
          </p>
          <p className="small quiet">
            The version goes on by itself within seconds and then stands below as a model. A wrong signature is refused
            here in words; a right one may follow. Not signed, it never runs.
          </p>
        </>
      ) : (
        <p className="small quiet">A site administrator signs with the key of the site. Until then it does not run.</p>
      )}
    </div>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: string }) {
  return (
    <div>
      <dt className="small quiet">{name}</dt>
      <dd>
        <Given words={children} />
      </dd>
    </div>
  )
}
