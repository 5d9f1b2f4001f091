using System.Globalization;
using System.Text;
using MfRae.Lab.Core;

namespace MfRae.Lab.Database;

/// <summary>
/// Recognises network file systems. SQLite's write-ahead log needs memory and locks that all its processes share; over a network it
/// loses data silently.
/// </summary>
/// <remarks>
/// On Linux this class reads /proc/self/mountinfo itself, because <see cref="DriveInfo.DriveFormat"/> (measured with .NET 10.0.12) gives the
/// wrong type in two cases: for a mount point with a space in its name it gives the type of the parent (ext4 for a tmpfs on <c>/tmp/b c</c>),
/// and for two mounts on one point it gives the hidden one (tmpfs for a proc above it). A share on <c>/mnt/my share</c> would count as local.
/// </remarks>
public static class NetworkFileSystem
{
    private static readonly string[] Types =
    [
        "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "panfs",
        "glusterfs", "pvfs2", "orangefs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.juicefs",
        "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs", "davfs",
    ];

    /// <summary>Throws if a database would be on a network file system.</summary>
    /// <param name="databasePath">The path of the database, which need not exist.</param>
    /// <exception cref="LabException">The path is on a network file system.</exception>
    public static void Refuse(string databasePath)
    {
        if (TypeOf(databasePath) is { } type)
        {
            throw new LabException(
                $"{databasePath}: the database is on a network file system ({type}), where SQLite loses data. Put the database on a local "
                + "disk with --db PATH; the store may stay on the network file system.");
        }
    }

    /// <summary>The type of the network file system that an absolute path is on, or null if the path is local.</summary>
    /// <param name="mountInfo">The text of /proc/self/mountinfo.</param>
    /// <param name="path">An absolute path without symbolic links.</param>
    public static string? Find(string mountInfo, string path)
    {
        var (deepest, found) = (-1, "");
        foreach (var line in mountInfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            var fields = line.Split(' ');
            if (separator < 0 || fields.Length < 6)
            {
                continue;
            }

            var mount = Unescape(fields[4]).TrimEnd('/');
            // A later mount on the same point hides the earlier one, so ">=" and not ">".
            if (mount.Length >= deepest && (path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal)))
            {
                (deepest, found) = (mount.Length, line[(separator + 3)..].Split(' ')[0]);
            }
        }

        return Types.Contains(found) ? found : null;
    }

    /// <summary>The type of the network file system that a path is on, or null if the path is local.</summary>
    /// <param name="databasePath">A path, which need not exist.</param>
    public static string? TypeOf(string databasePath)
    {
        var path = FollowLinks(Path.GetFullPath(databasePath));
        if (File.Exists("/proc/self/mountinfo"))
        {
            return Find(File.ReadAllText("/proc/self/mountinfo"), path);
        }

        if (path.StartsWith(@"\\", StringComparison.Ordinal))
        {
            return "a network share";
        }

        var drive = OperatingSystem.IsWindows() ? Path.GetPathRoot(path)! : ExistingFolder(path);
        return new DriveInfo(drive).DriveType == DriveType.Network ? "a network drive" : null;
    }

    private static string ExistingFolder(string path)
    {
        var folder = Path.GetDirectoryName(path);
        while (folder is not null && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? "/";
    }

    /// <summary>Resolves every symbolic link in a path.</summary>
    private static string FollowLinks(string path)
    {
        var parent = Path.GetDirectoryName(path);
        if (parent is null)
        {
            return path;
        }

        var here = Path.Combine(FollowLinks(parent), Path.GetFileName(path));
        var entry = new FileInfo(here);
        return entry.LinkTarget is null ? here : FollowLinks(entry.ResolveLinkTarget(returnFinalTarget: true)!.FullName);
    }

    /// <summary>Decodes a name in mountinfo, which writes spaces and backslashes as three octal digits.</summary>
    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                plain.Append(
                    (char)text.AsSpan(i + 1, 3).ToString().Aggregate(0, (sum, c) => sum * 8 + CharUnicodeInfo.GetDecimalDigitValue(c)));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
