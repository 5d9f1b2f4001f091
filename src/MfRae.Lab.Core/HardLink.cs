using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace MfRae.Lab.Core;

/// <summary>Hard links: several names of one content, which is deleted with its last name.</summary>
public static class HardLink
{
    private const int AtWorkingDirectory = -100;
    private const int WithLinksAndNumber = 0x4 | 0x100;
    private const int StatxBytes = 256;
    private const int LinksOffset = 16;
    private const int NumberOffset = 32;
    private const int DeviceOffset = 136;

    /// <summary>Gives a content a second name.</summary>
    /// <returns>False if the system cannot link the file, as between two file systems.</returns>
    public static bool TryCreate(string existing, string added) =>
        OperatingSystem.IsWindows() ? CreateHardLink(added, existing, 0) : Link(existing, added) == 0;

    /// <summary>An identity of a content with several names; null if it has one name, or if the system does not tell.</summary>
    public static (ulong Device, ulong Number)? Shared(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            byte[] stat = new byte[StatxBytes];
            return Statx(AtWorkingDirectory, path, 0, WithLinksAndNumber, stat) == 0
                && BinaryPrimitives.ReadUInt32LittleEndian(stat.AsSpan(LinksOffset)) > 1
                    ? (BinaryPrimitives.ReadUInt64LittleEndian(stat.AsSpan(DeviceOffset)), BinaryPrimitives.ReadUInt64LittleEndian(stat.AsSpan(NumberOffset)))
                    : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "link", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Link(string existing, string added);

    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Statx(int folder, string path, int flags, uint mask, byte[] stat);

    [DllImport("kernel32", EntryPoint = "CreateHardLinkW", CharSet = CharSet.Unicode)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CreateHardLink(string added, string existing, nint security);
}
