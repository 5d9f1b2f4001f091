using System.Diagnostics;
using System.Globalization;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.TestWorker;

/// <summary>
/// Adds up its steps and the sums of its inputs, and reports a metric at each step. It resumes from checkpoints like a real stage. Stages of
/// some kinds have large files too: they are functions of the sum, and a stage with latents as an input reads them.
/// </summary>
public sealed class CountingStage(Script script) : IStage
{
    private const string Result = "sum.txt";
    private const int LargeBytes = 1 << 20;
    private static readonly Dictionary<string, string[]> LargeFiles = new()
    {
        ["latents"] = ["latents.safetensors"],
        ["meanflow"] = ["network.safetensors", "snapshot.2.safetensors"],
        ["sampling"] = ["samples.1.safetensors"],
    };

    public void Run(StageContext context)
    {
        var (step, sum) = Load(context);
        if (step > 0)
        {
            context.Journal.Write(new ResumedEvent(step));
        }

        while (step < script.Steps)
        {
            if (context.Stop.IsCancellationRequested && script.Deaf == 0)
            {
                Save(context, step, sum);
                context.Stop.ThrowIfCancellationRequested();
            }

            step++;
            sum += step;
            Misbehave(step, context);
            context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { ["sum"] = sum }));
            if (step % script.Checkpoint == 0)
            {
                Save(context, step, sum);
            }

            Thread.Sleep(script.Delay);
        }

        var inputs = context.Spec.InputFolders.Values.Sum(folder => Read(Path.Combine(folder, Result))[0]);
        foreach (var (name, folder) in context.Spec.InputFolders.Where(input => input.Key == "latents"))
        {
            inputs += File.ReadAllBytes(Path.Combine(folder, LargeFiles[name][0]))[^1] * 0;
        }

        foreach (var file in LargeFiles.GetValueOrDefault(context.Spec.Node.Kind, []))
        {
            var content = new byte[LargeBytes];
            Array.Fill(content, (byte)(sum + inputs + file.Length));
            File.WriteAllBytes(context.File(file), content);
        }

        File.WriteAllText(context.File(Result), (sum + inputs).ToString(CultureInfo.InvariantCulture));
    }

    private void Misbehave(long step, StageContext context)
    {
        if (step == script.Fail)
        {
            throw new LabException("the file weights.bin is missing");
        }

        if (step == script.Bug)
        {
            throw new InvalidOperationException("an index is off by one");
        }

        if (step == script.Diverge)
        {
            context.Journal.Write(new MetricsEvent(step, new Dictionary<string, double?> { ["sum"] = double.NaN }));
            throw DivergedException.NotFinite(step, "sum");
        }

        if (step == script.Stop)
        {
            throw new StoppedException(step, $"stopped at step {step}");
        }

        if (step == script.Starve)
        {
            throw new System.Runtime.InteropServices.ExternalException("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 GB");
        }

        if (step == script.DieAlways || (step == script.Die && context.Spec.Attempt == 1))
        {
            Console.Error.WriteLine("about to die");
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }

    private static (long Step, long Sum) Load(StageContext context) =>
        File.Exists(context.File("checkpoint")) && Read(context.File("checkpoint")) is [var step, var sum] ? (step, sum) : (0, 0);

    private static void Save(StageContext context, long step, long sum)
    {
        context.Journal.Flush();
        File.WriteAllText(context.File("checkpoint.new"), $"{step} {sum}");
        File.Move(context.File("checkpoint.new"), context.File("checkpoint"), overwrite: true);
        context.Journal.Write(new CheckpointEvent(step));
    }

    private static long[] Read(string path) =>
        [.. File.ReadAllText(path).Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
}
