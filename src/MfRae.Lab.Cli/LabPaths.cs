using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Cli;

/// <summary>Where the lab keeps its files, as full paths. No number depends on them.</summary>
/// <param name="WorkingDirectory">The folder that relative paths start from.</param>
/// <param name="Store">The folder of the stage outputs.</param>
/// <param name="Database">The file of the results database.</param>
/// <param name="Reports">The folder of the report pages.</param>
public sealed record LabPaths(string WorkingDirectory, string Store, string Database, string Reports)
{
    /// <summary>The default of `--store`.</summary>
    public const string DefaultStore = "data/store";
    /// <summary>The default of `--db`.</summary>
    public const string DefaultDatabase = "data/lab.db";
    /// <summary>The default of `--reports`.</summary>
    public const string DefaultReports = "reports";

    /// <summary>Resolves paths against the working directory; null means the default path.</summary>
    public static LabPaths Of(string workingDirectory, string? store = null, string? database = null, string? reports = null) => new(
        workingDirectory,
        Path.GetFullPath(store ?? DefaultStore, workingDirectory),
        Path.GetFullPath(database ?? DefaultDatabase, workingDirectory),
        Path.GetFullPath(reports ?? DefaultReports, workingDirectory));

    /// <summary>The page that lists all experiments.</summary>
    public string Index => Path.Combine(Reports, ArtifactName.Index + ".html");

    /// <summary>The page with the runs of all experiments.</summary>
    public string Board => Path.Combine(Reports, ArtifactName.Board + ".html");

    /// <summary>The folder of the published pages and their data.</summary>
    public string Published => Path.Combine(Reports, "published");

    /// <summary>The page of an experiment.</summary>
    /// <exception cref="LabException">The name cannot be a file name; names in a database may be any text.</exception>
    public string Report(string experiment) => Path.Combine(Reports, Named(experiment) + ".html");

    /// <summary>The published page of an experiment, without its extension.</summary>
    /// <exception cref="LabException">As <see cref="Report"/>.</exception>
    public string PublishedName(string experiment) => Path.Combine(Published, Named(experiment));

    /// <summary>A path as the user would write it: relative if it is below the working directory.</summary>
    public string Show(string path)
    {
        var relative = Path.GetRelativePath(WorkingDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    private static string Named(string experiment) => ArtifactName.IsExperiment(experiment)
        ? experiment
        : throw new LabException(
            $"the database has an experiment `{PrintableText.Of(experiment)}`, whose name cannot be the name of a page: "
            + (ArtifactName.ExperimentFault(experiment) ?? "some systems do not allow this file name"));
}
