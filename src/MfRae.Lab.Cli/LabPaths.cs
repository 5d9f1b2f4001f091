using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli;

/// <summary>Where things are kept, as full paths. No number depends on it.</summary>
public sealed record LabPaths(string WorkingDirectory, string Store, string Database, string Reports)
{
    public const string DefaultStore = "data/store";
    public const string DefaultDatabase = "data/lab.db";
    public const string DefaultReports = "reports";

    public static LabPaths Of(string workingDirectory, string? store = null, string? database = null, string? reports = null) => new(
        workingDirectory,
        Path.GetFullPath(store ?? DefaultStore, workingDirectory),
        Path.GetFullPath(database ?? DefaultDatabase, workingDirectory),
        Path.GetFullPath(reports ?? DefaultReports, workingDirectory));

    /// <summary>The page that lists all experiments.</summary>
    public string Index => Path.Combine(Reports, ArtifactName.Index + ".html");

    /// <summary>Pages that are kept, with their data.</summary>
    public string Published => Path.Combine(Reports, "published");

    /// <exception cref="LabException">The name, which a database may have from anywhere, is none that can be that of a file.</exception>
    public string Report(string experiment) => Path.Combine(Reports, Named(experiment) + ".html");

    /// <summary>The page of an experiment where it can be committed, without its ending.</summary>
    /// <exception cref="LabException">As <see cref="Report"/>.</exception>
    public string PublishedName(string experiment) => Path.Combine(Published, Named(experiment));

    /// <summary>A path as the user would write it: relative where it lies below the working directory.</summary>
    public string Show(string path)
    {
        var relative = Path.GetRelativePath(WorkingDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    private static string Named(string experiment) => ArtifactName.IsExperiment(experiment)
        ? experiment
        : throw new LabException(
            $"the database has an experiment `{PrintableText.Of(experiment)}`, which cannot name a page: "
            + (ArtifactName.ExperimentFault(experiment) ?? "on some systems no file can have this name"));
}
