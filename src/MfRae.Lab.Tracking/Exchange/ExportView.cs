namespace MfRae.Lab.Tracking.Exchange;

/// <summary>A public view as it is exported: which of its rows, in which order.</summary>
/// <param name="Condition">SQL that takes `@experiment`.</param>
/// <param name="Order">Columns that put any two rows in an order.</param>
/// <param name="ByStage">Read stage by stage, in the order of the plan: no sort of all curves at once.</param>
internal sealed record ExportView(string Name, string Condition, string Order, bool ByStage = false)
{
    private const string OfExperiment = "experiment = @experiment";

    // A mark names its subject, and only the names of this experiment and of its runs belong to it.
    private const string OfSubject = "((kind = 'experiment' AND subject = @experiment) OR "
        + "(kind = 'run' AND subject IN (SELECT run FROM runs WHERE experiment = @experiment)))";

    public static IReadOnlyList<ExportView> All { get; } =
    [
        new("experiments", OfExperiment, "experiment"),
        new("experiment_files", OfExperiment, "position"),
        new("versions", OfExperiment, "version"),
        new("version_runs", OfExperiment, "version, arm, seed, run"),
        new("version_attempts", OfExperiment, "version, stage, attempt"),
        new("version_evaluations", OfExperiment, "version, arm, seed, run, role, stage, metric, samples, guidance, labels, extractor, preprocessing, "
            + "reference, device, noise, setting, value"),
        new("arms", OfExperiment, "arm, name, steps, samples, guidance, labels, extractor, preprocessing, reference, higher_is_better, "
            + "device, noise, setting"),
        new("runs", OfExperiment, "arm, seed, run"),
        new("run_stages", OfExperiment, "arm, seed, run, role, stage"),
        new("stages", OfExperiment, "position"),
        new("attempts", OfExperiment, "stage, attempt"),
        new("costs", OfExperiment, "stage"),
        new("evaluations", OfExperiment, "arm, seed, run, role, stage, name, steps, samples, guidance, labels, extractor, preprocessing, "
            + "reference, higher_is_better, device, noise, setting, value"),
        new("metrics", OfExperiment, "name, step", ByStage: true),
        new("tags", OfSubject, "kind, subject, tag"),
        new("notes", OfSubject, "kind, subject"),
        new("images", OfExperiment, "stage, name"),
    ];
}
