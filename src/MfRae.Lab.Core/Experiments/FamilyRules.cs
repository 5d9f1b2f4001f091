namespace MfRae.Lab.Core.Experiments;

/// <summary>Checks the velocities that a MeanFlow training mixes (docs/method.md §2).</summary>
/// <param name="options">The arm's `base`, patched, with a MeanFlow stage that trains.</param>
internal sealed class FamilyRules(Diagnostics mistakes, OptionView options)
{
    /// <summary>The options of `meanflow` that are weights of the teacher's velocity.</summary>
    public static readonly string[] Weights = ["lambda", "lambdaSchedule.end", "tangentLambda", "tangentLambdaSchedule.end"];

    public void Check()
    {
        CheckMixedGuidance();
        CheckSelfGuidance();
        CheckTangent();
        CheckReweighting();
    }

    private bool HasGuidance => options.Number("meanflow.guidance.scale") is { } scale && scale != 1;

    /// <summary>The λs that occur in a training, other than a single 0 or 1.</summary>
    private string[] Mixed()
    {
        string[] written = [.. Weights.Where(name => options.Number($"meanflow.{name}") is not null)];
        double[] values = [.. written.Select(name => options.Number($"meanflow.{name}")!.Value).Distinct()];
        return values is [0 or 1] or [] ? [] : written;
    }

    private void CheckMixedGuidance()
    {
        string? choice = options.Text("meanflow.mixedGuidance");
        if (!HasGuidance && choice is not null)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.mixedGuidance", "meanflow.guidance"),
                "`mixedGuidance` without `guidance`: it says which velocities a guided teacher guides",
                "set `guidance`, or remove `mixedGuidance`");
        }
        else if (HasGuidance && choice is null && Mixed() is { Length: > 0 } mixed)
        {
            mistakes.Add(
                options.MostLikelySource(["meanflow.guidance", .. mixed.Select(name => $"meanflow.{name}")]),
                $"`guidance` with {string.Join(" and ", mixed.Select(name => $"`{name}`"))}: the target mixes the teacher's guided velocity with the unguided one-point velocity, so the guidance scale depends on λ",
                options.Kind("meanflow") == "lambda"
                    ? "set `mixedGuidance` to both, which guides both velocities, or to teacher; or set λ to 1"
                    : "set `lambda` to 1, or remove `guidance`");
        }
    }

    private void CheckSelfGuidance()
    {
        if (options.IsWritten("meanflow.selfGuidance") && options.Number("meanflow.lambda") == 1
            && options.Number("meanflow.lambdaSchedule.end") is null or 1)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.selfGuidance", "meanflow.lambda"),
                "`selfGuidance` has no effect where λ is 1: it guides the one-point velocity, whose weight is 1 - λ",
                "set `lambda` below 1, or use `guidance` of the teacher");
        }
    }

    private void CheckTangent()
    {
        if (options.Text("meanflow.tangent") is not null && options.Number("meanflow.tangentLambda") is not null)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.tangent", "meanflow.tangentLambda"),
                "`tangent` and `tangentLambda` both choose the direction of the derivative",
                "remove one of the two");
        }
    }

    private void CheckReweighting()
    {
        if (options.Kind("meanflow") == "shortcut"
            && options.Text("meanflow.time.reweight") == Options.UniformTimeOptions.ToUniform)
        {
            mistakes.Add(
                options.At("meanflow.time.reweight"),
                "`reweight` is uniform, but the intervals of kind shortcut lie on a grid and have no density to weight by",
                "set `reweight` to none; `shift` 1 draws uniform times");
        }
    }
}
