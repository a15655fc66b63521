import '../../shared/no-eval.ts'
import { deploymentList, destinationList, deviceStatus, localModelList } from '../../contract/local-api.ts'
import { Facts } from '../../shared/facts.tsx'
import { PageHead } from '../../shared/page-head.tsx'
import { FailurePanel, LoadingPanel } from '../../shared/panels.tsx'
import { useAnswer } from '../../shared/queries.ts'
import { Deployments } from '../device/deployments.tsx'
import { DeskPanel } from '../device/desk.tsx'
import { Destinations } from '../device/destinations.tsx'
import { deviceFacts } from '../device/facts.tsx'
import { LeakAlarms } from '../device/leak-alarms.tsx'
import { Models } from '../device/models.tsx'
import { SiteApproval } from '../device/site-approval.tsx'

/** The box: disk, queues, link to the hub, models in force, destinations. */
export function DevicePage() {
  const device = useAnswer('device', '/api/device', deviceStatus)
  const models = useAnswer('models', '/api/models', localModelList)
  const deployments = useAnswer('deployments', '/api/deployments', deploymentList)
  const destinations = useAnswer('destinations', '/api/destinations', destinationList)
  // Shown together: a table that grows would push down what stands below it.
  const settled = [device, models, deployments, destinations].every(({ isPending }) => !isPending)
  return (
    <>
      <PageHead
        name="Device"
        question="Is this box well: room, queues, link to the hub, and which model decides?"
        queries={[device, models, deployments, destinations]}
      />
      <div className="sections">
        {device.error !== null && device.data === undefined ? (
          <FailurePanel error={device.error} framed />
        ) : (
          <Facts facts={deviceFacts(device.data)} />
        )}
        {settled ? (
          <>
            <LeakAlarms alarms={device.data?.leakAlarms ?? []} />
            <SiteApproval models={models.data?.models ?? []} />
            <Models list={models.data} error={models.error} />
            <Deployments list={deployments.data} error={deployments.error} />
            <DeskPanel />
            <Destinations list={destinations.data} states={device.data?.deliveries} error={destinations.error} />
          </>
        ) : (
          <LoadingPanel what="models and destinations" framed />
        )}
      </div>
    </>
  )
}
