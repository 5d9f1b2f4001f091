using System.Globalization;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Core.Images;

/// <summary>The kind of file at a path.</summary>
internal enum FileKind
{
    Missing,
    Regular,
    Folder,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,
}

/// <summary>The file at a path, following links. The file is not opened, because opening a pipe waits for its writer.</summary>
/// <param name="Length">Length in bytes.</param>
/// <param name="Identity">The same for all paths of one folder.</param>
/// <param name="Problem">The reason why the path cannot be resolved, or the empty string.</param>
internal readonly record struct FileStatus(FileKind Kind, long Length, string Identity, string Problem)
{
    // POSIX: sys/stat.h. The .NET runtime gives these values on all systems.
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;
    private const int FolderType = 0x4000;

    public static FileStatus Of(string path)
    {
        if (OperatingSystem.IsWindows())
            return OfWindows(path);
        if (Stat(path, out var found) != 0)
            return new(FileKind.Missing, 0, "", Marshal.GetLastPInvokeErrorMessage());
        var kind = (found.Mode & TypeMask) switch
        {
            RegularType => FileKind.Regular,
            FolderType => FileKind.Folder,
            _ => FileKind.Special,
        };
        return new(kind, found.Size, string.Create(CultureInfo.InvariantCulture, $"{found.Device}:{found.Node}"), "");
    }

    private static FileStatus OfWindows(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        var real = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        return real switch
        {
            DirectoryInfo { Exists: true } => new(FileKind.Folder, 0, real.FullName.ToUpperInvariant(), ""),
            FileInfo { Exists: true } file => new(FileKind.Regular, file.Length, "", ""),
            _ => new(FileKind.Missing, 0, "", "no such file"),
        };
    }

    // The function that System.IO uses. Unlike that of libc, its struct is the same on all systems.
    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Stat", SetLastError = true)]
    private static extern int Stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, out NativeStatus status);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct NativeStatus
    {
        public readonly int Flags;
        public readonly int Mode;
        public readonly uint User;
        public readonly uint Group;
        public readonly long Size;
        public readonly long Accessed;
        public readonly long AccessedNanoseconds;
        public readonly long Modified;
        public readonly long ModifiedNanoseconds;
        public readonly long Changed;
        public readonly long ChangedNanoseconds;
        public readonly long Born;
        public readonly long BornNanoseconds;
        public readonly long Device;
        public readonly long SpecialDevice;
        public readonly long Node;
        public readonly uint UserFlags;
    }
}

/// <summary>Tests whether a path is a file whose content can be read without waiting.</summary>
public static class RegularFile
{
    /// <summary>Whether a path is a regular file; false for folders, pipes, sockets, devices and missing files.</summary>
    public static bool Is(string path) => FileStatus.Of(path).Kind == FileKind.Regular;

    /// <summary>Whether a path is a pipe, socket or device: reading it may wait forever.</summary>
    public static bool IsSpecial(string path) => FileStatus.Of(path).Kind == FileKind.Special;
}
