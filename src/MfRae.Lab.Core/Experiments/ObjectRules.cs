using System.Globalization;
using MfRae.Lab.Core.Options;

namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks combinations of options within one record.</summary>
internal sealed class ObjectRules(Diagnostics mistakes, FileRules files)
{
    public void Check(LocatedObject value, OptionType type)
    {
        var view = new OptionView(value, type);
        files.Check(view, type);
        if (type.Record == typeof(DitOptions))
        {
            CheckHeads(view, "trunkWidth", "trunkHeads", 4, "two-dimensional rotary positions rotate");
            CheckHeads(view, "headWidth", "headHeads", 4, "two-dimensional rotary positions rotate");
        }
        else if (type.Record == typeof(VitOptions) || type.Record == typeof(DecoderNetworkOptions) || type.Record == typeof(PlainDitOptions))
        {
            CheckHeads(view, "width", "heads", 1, "");
            CheckPositions(view, "width");
        }
        else if (type.Record == typeof(Dinov2Options))
        {
            CheckHeads(view, "hiddenSize", "heads", 1, "");
            CheckPatches(view, "imageSize");
            CheckPatches(view, "inputSize");
        }
        else if (type.Record == typeof(MaeDecoderOptions))
        {
            CheckHeads(view, "hiddenSize", "heads", 1, "");
            CheckPositions(view, "hiddenSize");
            CheckPatches(view, "imageSize");
        }
        else if (type.Record == typeof(AutoencoderKlOptions))
        {
            CheckGroups(view);
        }
        else if (type.Record == typeof(SamplingOptions))
        {
            CheckSampling(view);
            new SamplingRules(mistakes).Check(view);
        }
        else if (type.Record == typeof(EvaluationOptions))
        {
            CheckReferences(view);
            CheckDistinct(view, "metrics", item => (item as LocatedObject)?.GetText("kind"));
        }
        else if (type.Record == typeof(DerivativeErrorOptions))
        {
            CheckAscending(view, "deltas");
        }
        else if (type.Record == typeof(TrajectoryCmtOptions))
        {
            CheckPairs(view);
        }
        else if (type.Record == typeof(GaussianDistributionOptions))
        {
            new DistributionRules(mistakes).CheckGaussian(view);
        }
        else if (type.Record == typeof(LineDistributionOptions))
        {
            new DistributionRules(mistakes).CheckLine(view);
        }
        else if (type.Record == typeof(GuidanceOptions) || type.Record == typeof(SelfGuidanceOptions)
            || type.Record == typeof(LogitNormalTimeOptions))
        {
            CheckInterval(view);
        }
        else if (type.Record == typeof(LambdaMeanFlowOptions))
        {
            CheckSchedules(view);
        }
        else if (type.Record == typeof(AlphaFlowOptions))
        {
            CheckAlpha(view);
        }
        else if (type.Record == typeof(ShortcutOptions))
        {
            CheckGridSteps(view);
        }
        else if (type.Record == typeof(TrainingOptions))
        {
            WarnOfTraining(view);
            new LearningRateRules(mistakes).Check(view);
        }
    }

    private void WarnOfTraining(OptionView view)
    {
        if (view.Number("steps") is not { } steps || steps < 1)
        {
            return;
        }

        if (view.Number("ema") is { } ema && TrainingOptions.InitialShare(ema, steps) is var share and > TrainingOptions.NotableInitialShare)
        {
            double enough = Math.Ceiling(Math.Log(TrainingOptions.NotableInitialShare) / Math.Log(ema));
            double largest = Math.Floor(Math.Pow(TrainingOptions.NotableInitialShare, 1 / steps) * 1000) / 1000;
            mistakes.Warn(
                view.MostLikelySource("ema", "steps"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"`ema` {ema} averages over more than the {steps} training steps: the initial weights are {share * 100:0} % of the average"),
                string.Create(
                    CultureInfo.InvariantCulture, $"set `ema` to at most {largest}, or train for {enough} steps"));
        }

        if (view.Number("warmupSteps") is { } warmup && warmup > steps)
        {
            mistakes.Warn(
                view.MostLikelySource("warmupSteps", "steps"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"`warmupSteps` is {warmup}, but there are {steps} training steps: the learning rate reaches only {steps / warmup * 100:0} % of `learningRate`"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {steps}"));
        }
    }

    private void CheckHeads(OptionView view, string width, string heads, int multiple, string reason)
    {
        if (view.Number(width) is not { } channels || view.Number(heads) is not { } count || count < 1)
        {
            return;
        }

        if (channels % (count * multiple) != 0)
        {
            string wide = multiple == 1 ? $"{count}" : $"{heads} × {multiple} = {count * multiple}";
            string because = multiple == 1
                ? "each head takes an equal part of the width"
                : $"{reason} the channels of a head in groups of {multiple}";
            double below = Math.Floor(channels / (count * multiple)) * count * multiple;
            mistakes.Add(
                view.MostLikelySource(width, heads),
                string.Create(CultureInfo.InvariantCulture, $"`{width}` {channels} is not a multiple of {wide}: {because}"),
                string.Create(
                    CultureInfo.InvariantCulture, $"e.g. {width} {(below > 0 ? $"{below} or " : "")}{below + (count * multiple)}"));
        }
    }

    private void CheckPositions(OptionView view, string width)
    {
        if (view.Number(width) is { } channels && channels % 4 != 0)
        {
            double below = Math.Floor(channels / 4) * 4;
            mistakes.Add(
                view.At(width),
                string.Create(CultureInfo.InvariantCulture, $"`{width}` {channels} is not a multiple of 4: positions are sines and cosines of rows and columns"),
                string.Create(CultureInfo.InvariantCulture, $"e.g. {width} {below} or {below + 4}"));
        }
    }

    private void CheckPatches(OptionView view, string side)
    {
        if (view.Number(side) is { } pixels && view.Number("patchSize") is { } patch && patch >= 1 && pixels % patch != 0)
        {
            double below = Math.Floor(pixels / patch) * patch;
            mistakes.Add(
                view.MostLikelySource(side, "patchSize"),
                string.Create(CultureInfo.InvariantCulture, $"`{side}` {pixels} is not a multiple of the patch size {patch}"),
                string.Create(CultureInfo.InvariantCulture, $"e.g. {side} {(below > 0 ? $"{below} or " : "")}{below + patch}"));
        }
    }

    private void CheckGroups(OptionView view)
    {
        if (view.Numbers("multipliers") is { Count: 0 })
        {
            mistakes.Add(view.At("multipliers"), "`multipliers` is empty", "write one number for each level, e.g. [1, 2, 4, 4]");
        }

        if (view.Number("channels") is { } channels && view.Number("groups") is >= 1 and { } groups
            && view.Numbers("multipliers")?.Any(multiplier => channels * multiplier % groups != 0) == true)
        {
            mistakes.Add(
                view.MostLikelySource("channels", "groups", "multipliers"),
                string.Create(CultureInfo.InvariantCulture, $"`channels` {channels} times each of `multipliers` is not a multiple of `groups` {groups}"),
                string.Create(CultureInfo.InvariantCulture, $"e.g. channels {Math.Max(1, Math.Ceiling(channels / groups)) * groups}"));
        }
    }

    private void CheckSampling(OptionView view)
    {
        foreach (string name in (string[])["steps", "teacherSteps"])
        {
            if (CheckAscending(view, name) is { Count: 0 })
            {
                mistakes.Add(view.At(name), $"`{name}` is empty", "write at least one number of steps");
            }
        }

        // Samples of another program have no latents.
        if (!view.IsWritten("external") && view.Number("keptLatents") is { } kept && view.Number("samples") is { } samples && kept > samples)
        {
            mistakes.Add(
                view.MostLikelySource("keptLatents", "samples"),
                string.Create(CultureInfo.InvariantCulture, $"`keptLatents` is {kept}, but there are only {samples} samples"),
                string.Create(CultureInfo.InvariantCulture, $"set `keptLatents` to at most {samples}, or increase `samples`"));
        }
    }

    /// <summary>Checks that an array of numbers is strictly ascending, and returns it; null if it has other items.</summary>
    private IReadOnlyList<double>? CheckAscending(OptionView view, string list)
    {
        if (view.Numbers(list) is { } numbers && numbers.Distinct().Order().ToList() is var sorted && !numbers.SequenceEqual(sorted))
        {
            string text = string.Join(", ", sorted.Select(number => number.ToString(CultureInfo.InvariantCulture)));
            mistakes.Add(view.At(list), $"`{list}` is not strictly ascending", $"write [{text}]");
        }

        return view.Numbers(list);
    }

    private void CheckDistinct(OptionView view, string list, Func<LocatedNode, string?> name)
    {
        if (view.Find(list).Node is not LocatedArray { Items: var items })
        {
            return;
        }

        if (items.Count == 0)
        {
            mistakes.Add(view.At(list), $"`{list}` is empty", "write at least one item");
        }

        foreach (var again in items.GroupBy(name).Where(group => group.Key is not null).SelectMany(group => group.Skip(1)))
        {
            mistakes.Add(again.Location, $"duplicate item `{name(again)}`", "remove one of the two");
        }
    }

    private void CheckReferences(OptionView view)
    {
        if (view.Kind("features") != "none")
        {
            CheckDistinct(view, "references", item => (item as LocatedScalar)?.Text);
        }
        else if (view.Find("references").Node is LocatedArray { Items.Count: > 0 } references)
        {
            mistakes.Add(references.Location, "`references` need a feature network to compare images with", "write []");
        }
    }

    private void CheckPairs(OptionView view)
    {
        if (view.Number("pairsPerTrajectory") is { } pairs && view.Number("training.batchSize") is { } batch && pairs > batch)
        {
            mistakes.Add(
                view.MostLikelySource("pairsPerTrajectory", "training.batchSize"),
                string.Create(CultureInfo.InvariantCulture, $"{pairs} pairs per trajectory do not fit in a batch of {batch} pairs"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {batch}"));
        }
    }

    private void CheckInterval(OptionView view)
    {
        if (view.Number("low") is { } low && view.Number("high") is { } high && low >= high)
        {
            mistakes.Add(
                view.MostLikelySource("low", "high"),
                string.Create(CultureInfo.InvariantCulture, $"the interval from {low} to {high} is empty"),
                "set `low` below `high`");
        }
    }

    private void CheckSchedules(OptionView view)
    {
        foreach (string schedule in (string[])["lambdaSchedule", "tangentLambdaSchedule"])
        {
            CheckEnd(view, $"{schedule}.steps", "training ends before the schedule", 0);
            CheckEnd(view, $"{schedule}.step", "the switch never takes place", 1);
        }

        if (view.Kind("tangentLambdaSchedule") is not null && view.Number("tangentLambda") is null)
        {
            mistakes.Add(
                view.At("tangentLambdaSchedule"),
                "`tangentLambdaSchedule` needs `tangentLambda`: without it, the λ of the target is used at every step",
                "set `tangentLambda` to the start of the schedule, or remove the schedule");
        }
    }

    private void CheckAlpha(OptionView view)
    {
        CheckEnd(view, "alpha.finish", "training ends before the schedule", 0);
        if (view.Number("alpha.begin") is { } begin && (view.Number("alpha.finish") ?? view.Number("training.steps")) is { } finish
            && begin >= finish && view.Text("alpha.shape") != "step")
        {
            mistakes.Add(
                view.MostLikelySource("alpha.begin", "alpha.finish", "training.steps"),
                string.Create(CultureInfo.InvariantCulture, $"`alpha.begin` is {begin}, but α has its last value from step {finish} on"),
                "set `begin` below `finish`");
        }
    }

    private void CheckGridSteps(OptionView view)
    {
        if (view.Number("gridSteps") is { } steps && steps >= 2 && !double.IsPow2(steps))
        {
            double below = double.Exp2(Math.Floor(Math.Log2(steps)));
            mistakes.Add(
                view.At("gridSteps"),
                string.Create(CultureInfo.InvariantCulture, $"`gridSteps` {steps} is not a power of two: intervals are halved down to one step"),
                string.Create(CultureInfo.InvariantCulture, $"e.g. {below} or {2 * below}"));
        }
    }

    /// <summary>Checks that a schedule ends within the training.</summary>
    /// <param name="left">The number of training steps that must be left.</param>
    private void CheckEnd(OptionView view, string option, string consequence, int left)
    {
        if (view.Number(option) is { } end && view.Number("training.steps") is { } steps && end > steps - left)
        {
            mistakes.Add(
                view.MostLikelySource(option, "training.steps"),
                string.Create(CultureInfo.InvariantCulture, $"`{option}` is {end}, but there are {steps} training steps: {consequence}"),
                string.Create(CultureInfo.InvariantCulture, $"write at most {steps - left}"));
        }
    }
}
