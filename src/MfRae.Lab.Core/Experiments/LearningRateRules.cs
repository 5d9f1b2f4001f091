using System.Globalization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks the learning-rate schedule of a training: options of another schedule, and steps outside the training.</summary>
internal sealed class LearningRateRules(Diagnostics mistakes)
{
    // Option → the schedules that read it.
    private static readonly (string Option, string[] Schedules)[] Readers =
    [
        ("scheduleEnd", [TrainingOptions.Cosine, TrainingOptions.Linear, TrainingOptions.WarmupStableDecay]),
        ("decaySteps", [TrainingOptions.WarmupStableDecay]),
        ("dropSteps", [TrainingOptions.StepWise]),
        ("dropFactor", [TrainingOptions.StepWise]),
    ];

    /// <param name="view">The options of a training.</param>
    public void Check(OptionView view)
    {
        string? schedule = view.Text("schedule");
        foreach (var (option, schedules) in Readers.Where(reader => view.IsWritten(reader.Option) && !reader.Schedules.Contains(schedule)))
        {
            mistakes.Add(
                view.MostLikelySource(option, "schedule"),
                $"`{option}` has no effect: the schedule is {schedule}",
                $"set `schedule` to {string.Join(" or ", schedules)}, or `{option}` to null");
        }

        if (schedule == TrainingOptions.StepWise)
        {
            CheckDrops(view);
        }
        else if (schedule == TrainingOptions.WarmupStableDecay && view.Number("decaySteps") is { } decay && view.Number("steps") is { } steps
            && view.Number("warmupSteps") is { } warmup && decay > steps - warmup)
        {
            mistakes.Add(
                view.MostLikelySource("decaySteps", "steps", "warmupSteps"),
                string.Create(CultureInfo.InvariantCulture, $"`decaySteps` is {decay}, but only {steps - warmup} steps follow the warm-up"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {steps - warmup}"));
        }
    }

    private void CheckDrops(OptionView view)
    {
        if (view.Numbers("dropSteps") is not { Count: > 0 } drops)
        {
            if (!view.IsWritten("dropSteps") || view.Numbers("dropSteps") is not null)
            {
                mistakes.Add(
                    view.IsWritten("dropSteps") ? view.At("dropSteps") : view.At("schedule"), "a step schedule needs `dropSteps`", "write \"dropSteps\": [5000, 7500]");
            }
        }
        else if (drops.Zip(drops.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            string sorted = string.Join(", ", drops.Distinct().Order().Select(drop => drop.ToString(CultureInfo.InvariantCulture)));
            mistakes.Add(view.At("dropSteps"), "`dropSteps` is not strictly ascending", $"write [{sorted}]");
        }
        else if (view.Number("steps") is { } steps && drops[^1] >= steps)
        {
            mistakes.Add(
                view.MostLikelySource("dropSteps", "steps"),
                string.Create(CultureInfo.InvariantCulture, $"the learning rate falls after {drops[^1]} steps, but there are {steps} training steps"),
                string.Create(CultureInfo.InvariantCulture, $"write numbers below {steps}"));
        }
    }
}
