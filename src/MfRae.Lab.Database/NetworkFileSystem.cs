using System.Globalization;
using System.Text;
using MfRae.Lab.Core;

namespace MfRae.Lab.Database;

/// <summary>SQLite's write-ahead log needs memory and locks that all its processes share; over a network it loses data silently.</summary>
public static class NetworkFileSystem
{
    private static readonly string[] Types =
    [
        "nfs", "nfs3", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "beegfs", "gpfs", "panfs",
        "glusterfs", "pvfs2", "orangefs", "ocfs2", "gfs2", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.juicefs",
        "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs", "davfs",
    ];

    /// <exception cref="LabException">The database would lie on a network file system.</exception>
    public static void Refuse(string databasePath)
    {
        if (TypeOf(databasePath) is { } type)
        {
            throw new LabException(
                $"{databasePath} lies on a network file system ({type}), where SQLite databases break. Keep the database on a disk of "
                + "this machine; the store, and the workers that fill it, may stay on the shared one.");
        }
    }

    /// <summary>The type of the network file system that holds an absolute path, or null where it is local.</summary>
    /// <param name="mountInfo">The text of /proc/self/mountinfo.</param>
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
            // A later mount on the same point hides the earlier one, hence "at least as deep".
            if (mount.Length >= deepest && (path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal)))
            {
                (deepest, found) = (mount.Length, line[(separator + 3)..].Split(' ')[0]);
            }
        }

        return Types.Contains(found) ? found : null;
    }

    /// <summary>The type of the network file system that a path lies on, or null where it is local.</summary>
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

    /// <summary>The path with every symbolic link on the way to it replaced by what it points to.</summary>
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

    /// <summary>mountinfo writes blanks and backslashes as three octal digits.</summary>
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
