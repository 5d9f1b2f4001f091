using System.CommandLine;
using MfRae.Lab.Cli.Verbs;

namespace MfRae.Lab.Cli;

/// <summary>The list of verbs and the global options. Each verb defines its options, help and behaviour in its own file.</summary>
public static class CommandLine
{
    /// <summary>Inserts `run` if the first word is the path of an experiment file.</summary>
    public static string[] Expand(string[] args) =>
        args is [var first, ..] && first.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !first.StartsWith('-')
            ? ["run", .. args]
            : args;

    /// <summary>Creates the root command with all verbs.</summary>
    public static RootCommand Create(LabContext lab)
    {
        var root = new RootCommand("A research harness for few-step generative models: MeanFlow in the latent space of representation "
            + "autoencoders. `FILE.json` is short for `run FILE.json`; path.to.option=value after it changes an option.")
        {
            lab.PathOptions.Store,
            lab.PathOptions.Database,
            lab.PathOptions.Reports,
            RunVerb.Create(lab),
            PlanVerb.Create(lab),
            ValidateVerb.Create(lab),
            ProfileVerb.Create(lab),
            SchemaVerb.Create(lab),
            OptionsVerb.Create(lab),
            LsVerb.Create(lab),
            ShowVerb.Create(lab),
            QueryVerb.Create(lab),
            ReportVerb.Create(lab),
            ServeVerb.Create(lab),
            StatusVerb.Create(lab),
            CancelVerb.Create(lab),
            EvaluateVerb.Create(lab),
            WeightsVerbs.Create(lab),
            WorkerVerb.Create(lab),
            JobVerb.Create(lab),
            WorkerVerb.CreateTryLock(),
            DiffVerb.Create(lab),
            CompareVerb.Create(lab),
            HistoryVerb.Create(lab),
            LogsVerb.Create(lab),
            NoiseVerb.Create(lab),
            SampleVerb.Create(lab),
            TagVerb.Create(lab),
            NoteVerb.Create(lab),
            ArchiveVerb.Create(lab),
            RmVerb.Create(lab),
            DuVerb.Create(lab),
            GcVerb.Create(lab),
            VerifyVerb.Create(lab),
            DbVerb.Create(lab),
            DoctorVerb.Create(lab),
            ExportVerb.Create(lab),
            ImportVerb.Create(lab),
            PublishVerb.Create(lab),
        };
        root.SetAction(_ => HelpText.WriteStart(root, lab.Terminal.Out));
        HelpText.AddExamples(root);
        return root;
    }
}
