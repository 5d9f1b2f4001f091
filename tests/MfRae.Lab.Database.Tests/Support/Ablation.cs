using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using static MfRae.Lab.Database.Tests.Support.Journal;

namespace MfRae.Lab.Database.Tests.Support;

/// <summary>An experiment for the examples of the documentation: λ and the estimator of the derivative, three seeds, values that are easy to check.</summary>
internal static class Ablation
{
    /// <summary>λ, estimator, FID at seed 0, seconds a step, peak memory in MiB. The FID of the seeds 1 and 2 is 1 and 2 higher.</summary>
    public static readonly (double Lambda, string Derivative, double Fid, double Seconds, long MiB)[] Arms =
    [
        (0, "centralDifference", 20, 0.2, 100),
        (0, "jvp", 21, 0.3, 150),
        (1, "centralDifference", 30, 0.25, 110),
        (1, "jvp", 32, 0.35, 160),
    ];

    public static void Fill(Lab lab, string experiment)
    {
        long[] seeds = [0, 1, 2];
        string[] names = [.. Arms.Select(arm => $"lambda={arm.Lambda},derivative={arm.Derivative}")];
        var plan = Plans.Of(experiment, arms: names, seeds: seeds);
        lab.Begin(plan with
        {
            // The ids of the plans take only the length and the last letter of an arm.
            Runs = [.. plan.Runs.Select((run, i) => run with { Id = $"{i:x64}" })],
            Experiment = plan.Experiment with
            {
                Arms = [.. plan.Experiment.Arms.Select((arm, i) => arm with { Options = Of(arm.Options, Arms[i].Lambda, Arms[i].Derivative) })],
            },
        });
        File.WriteAllBytes(Path.Combine(lab.Folder, "sheet.png"), Png);
        for (int i = 0; i < names.Length; i++)
        {
            foreach (long seed in seeds)
            {
                lab.Tell(
                    Plans.Training(names[i], seed), 1,
                    Started(1), Loss(10, 3 + seed + i), Loss(20, 2 + seed + i),
                    Cost("stepSeconds", Arms[i].Seconds), Cost("peakMemory", Arms[i].MiB * 1048576), Finished());
                lab.Tell(
                    Plans.Evaluation(names[i], seed), 1,
                    Started(1), Measured("fid", Arms[i].Fid + seed), new ImageEvent("samples@1", "sheet.png", "Samples."), Finished());
            }
        }
    }

    // The smallest picture: one black pixel.
    private static byte[] Png => Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==");

    private static LabOptions Of(LabOptions options, double lambda, string derivative) => options with
    {
        MeanFlow = new LambdaMeanFlowOptions(
            lambda,
            new DitOptions(),
            new UniformTimeOptions(),
            derivative == "jvp" ? new JvpOptions() : new CentralDifferenceOptions(),
            new PlainLossWeightOptions(),
            new TrainingOptions(20)),
    };

    private static MeasuredEvent Cost(string metric, double value) => new(new Measurement(
        metric, value, null, null, 0, 0, 1, "", "", "", "", false, "cpu", "", "processor=Fast_CPU threads=2 jobs=1"));
}
