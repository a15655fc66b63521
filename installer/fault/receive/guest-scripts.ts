/** The DICOM port inside the guest. */
export const GUEST_PORT = 11_112

/** Where the library lies in the guest that turns fsync and fdatasync into nothing. */
export const SHIM_PATH = '/lib/without-sync.so'

/** Lines that the guest says on its console. */
export const GUEST_SAYS = { ended: 'leadglass-guest ended', unmounted: 'leadglass-guest unmounted' } as const

const MOUNT_DATA = 'mount -t ext4 -o rw,data=ordered /dev/vdb /root/data'

/** The first program of the guest: loads drivers, mounts the disks, sets the addresses, hands over. Runs under klibc. */
export const INITRAMFS_INIT = (modules: readonly string[]): string => `#!/bin/sh
export PATH=/bin
${modules.map((name) => `insmod /modules/${name}.ko`).join('\n')}
mount -t devtmpfs dev /dev
mount -t ext4 -o ro /dev/vda /root
${MOUNT_DATA}
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t devtmpfs dev /root/dev
mount -t tmpfs scratch /root/scratch
ipconfig 10.0.2.15::10.0.2.2:255.255.255.0::eth0:none
ipconfig 127.0.0.1:::255.0.0.0::lo:none
exec chroot /root /bin/sh /etc/guest-init
`

/** The second: runs the appliance, ends it in order when a line comes in on the console, and ends with it. */
export const GUEST_INIT = (command: string): string => `export PATH=/bin TMPDIR=/scratch
if [ -e /data/without-sync ]; then LD_PRELOAD=${SHIM_PATH} ${command} & else ${command} & fi
program=$!
(read line < /dev/console; kill -TERM $program) &
wait $program
echo "${GUEST_SAYS.ended} $?"
umount /data && echo "${GUEST_SAYS.unmounted}"
poweroff -f
`
