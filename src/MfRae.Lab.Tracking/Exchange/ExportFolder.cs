using System.Globalization;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Tracking.Exchange;

/// <summary>The folder that an export fills: it is written aside and takes its name when it is whole.</summary>
internal static class ExportFolder
{
    /// <param name="target">A folder that is not there or empty.</param>
    /// <param name="replace">An earlier export gives way.</param>
    /// <param name="fill">Writes into the folder that it is given.</param>
    /// <exception cref="LabException">There is something else, or it cannot be written.</exception>
    public static T Write<T>(string target, bool replace, Func<string, T> fill)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        RequireFree(full, replace);
        var aside = $"{full}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.aside";
        try
        {
            Directory.CreateDirectory(aside);
            var result = fill(aside);
            Publish(aside, full);
            return result;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LabException($"the export {full} cannot be written: {error.Message}", error);
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    private static void RequireFree(string folder, bool replace)
    {
        if (File.Exists(folder))
        {
            throw new LabException($"{folder} is a file; name a folder that is not there yet, or an empty one");
        }

        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            return;
        }

        // Only what an export wrote may be deleted, whatever folder a slip of the pen names.
        if (!File.Exists(Path.Combine(folder, ExportIndex.FileName)))
        {
            throw new LabException($"{folder} is not empty and is no export; name another folder");
        }

        if (!replace)
        {
            throw new LabException($"{folder} holds an export; --force replaces it");
        }
    }

    private static void Publish(string aside, string target)
    {
        var old = aside + ".old";
        if (Directory.Exists(target))
        {
            Directory.Move(target, old);
        }

        Directory.Move(aside, target);
        if (Directory.Exists(old))
        {
            Directory.Delete(old, recursive: true);
        }
    }
}
