using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Database.Reading;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`noise`: writes the noise and labels from which the samples of a run were generated.</summary>
internal static class NoiseVerb
{
    private const string Sampling = "sampling";

    public static Command Create(LabContext lab)
    {
        var run = CommonOptions.Run();
        var file = new Argument<string>("FILE") { Description = "The file to write, NAME.safetensors" };
        var set = CommonOptions.Number("--set", "The number of the set of samples, from 1", 1);
        var samples = CommonOptions.Number("--samples", "Only the first N samples", 1);
        var command = new Verb(
            "noise", "Write the noise and labels of a run's samples to a file, for sampling.noiseFile and other programs", "3f2a noise.safetensors")
        {
            run, file, set, samples,
        };
        command.SetAction(parsed => Execute(
            lab.For(parsed), parsed.GetRequiredValue(run), parsed.GetRequiredValue(file), parsed.GetValue(set) ?? 1, parsed.GetValue(samples)));
        return command;
    }

    /// <param name="set">The number of the set of samples.</param>
    /// <param name="samples">The number of first samples; null: all.</param>
    private static int Execute(LabContext lab, string idPrefix, string file, int set, int? samples)
    {
        if (!file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new LabException($"{PrintableText.Of(file)} does not end with .safetensors: noise is written in that format");
        using var database = lab.OpenDatabase();
        var run = new RunQueries(database).Show(idPrefix);
        var role = NoiseSets.Role(Sampling, set);
        var stage = run.Stages.FirstOrDefault(part => part.Role == role)?.Stage
            ?? throw new LabException($"the run has no stage `{role}`: it draws no such samples");
        if (!lab.Store.IsComplete(stage.Key))
            throw new LabException($"the stage `{role}` is not in the store: run the experiment again");
        if (lab.Store.Dropped(stage.Key) != StoredFileKinds.None)
            throw new LabException($"the samples of `{role}` were dropped: run the experiment with --keep {StoredFiles.Name(StoredFileKinds.Samples)}");
        var manifest = lab.Store.ReadManifest(stage.Key);
        if (VersionedJson.Read<StageDefinition>(Encoding.UTF8.GetBytes(manifest.Definition.GetRawText())) is not SamplingStage definition)
            throw new LabException($"the samples of `{role}` are those of another program, whose use of noise is unknown: name a run with samples of the lab");
        var path = Path.GetFullPath(file, lab.WorkingDirectory);
        var written = SamplingNoise.Write(definition, manifest.Seed, lab.Store.CompleteFolder(stage.Key), samples, path);
        lab.Terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{file}: noise and labels of {written:#,0} samples"));
        return ExitCode.Ok;
    }
}
