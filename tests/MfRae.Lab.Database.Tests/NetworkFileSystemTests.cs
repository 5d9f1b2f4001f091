namespace MfRae.Lab.Database.Tests;

public sealed class NetworkFileSystemTests
{
    private const string MountInfo =
        """
        22 27 0:21 / /proc rw,relatime - proc proc rw
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
        28 27 0:30 / /home rw,relatime shared:7 - nfs4 server:/home rw,vers=4.2
        29 28 0:31 / /home/me/scratch rw,relatime - xfs /dev/sdb1 rw
        30 27 0:32 / /mnt/my\040share rw,relatime - cifs //server/share rw
        31 27 0:33 / /mnt/ssh rw,relatime - fuse.sshfs me@there: rw
        32 27 0:34 / /mnt/over rw,relatime - ext4 /dev/sdc1 rw
        33 27 0:35 / /mnt/over rw,relatime - lustre scratch rw
        """;

    [Theory]
    [InlineData("/srv/lab/data/lab.db", null)]
    [InlineData("/home/me/lab/data/lab.db", "nfs4")]
    [InlineData("/home/me/scratch/data/lab.db", null)]
    [InlineData("/homes/lab.db", null)]
    [InlineData("/mnt/my share/lab.db", "cifs")]
    [InlineData("/mnt/ssh/lab.db", "fuse.sshfs")]
    [InlineData("/mnt/over/lab.db", "lustre")]
    public void The_deepest_and_latest_mount_above_a_path_decides(string path, string? type) =>
        NetworkFileSystem.Find(MountInfo, path).Should().Be(type);

    [Fact]
    public void An_invalid_mountinfo_finds_no_network_file_system() =>
        NetworkFileSystem.Find("nonsense\n\n - nfs\n", "/home/lab.db").Should().BeNull();
}
