using System.Globalization;

namespace MfRae.Lab.Core.Experiments;

/// <summary>
/// Checks that an arm uses either images or an oracle dataset, whose samples are latents of a known distribution. Encoder, decoder,
/// normalisation and features need images; an exact teacher and exact metrics need an oracle dataset.
/// </summary>
/// <param name="options">The arm's `base`, patched.</param>
/// <param name="evaluation">The experiment's `evaluation`.</param>
internal sealed class OracleRules(Diagnostics mistakes, OptionView options, OptionView evaluation)
{
    private const string None = "none";
    private const string Oracle = "oracle";

    private bool HasOracle => options.Kind("dataset") == Oracle;

    public void Check()
    {
        if (options.Kind("dataset") is null)
        {
            return;
        }

        CheckStages();
        CheckTeacher();
        CheckManyDimensions();
        CheckEvaluation();
    }

    private void CheckStages()
    {
        foreach (string stage in (string[])["encoder", "decoder", "latents"])
        {
            string? kind = options.Kind(stage);
            if (HasOracle && kind is not (null or None))
            {
                mistakes.Add(
                    options.MostLikelySource($"{stage}.kind", "dataset.kind"),
                    $"{stage} of kind `{kind}` with an oracle dataset, whose samples are already latents",
                    $"choose {stage} of kind none");
            }
            else if (!HasOracle && kind == None && stage != "decoder")
            {
                mistakes.Add(
                    options.MostLikelySource($"{stage}.kind", "dataset.kind"),
                    $"{stage} of kind `none` with images: only the samples of an oracle dataset are already latents",
                    $"choose another kind of {stage}");
            }
        }

        if (HasOracle && options.Kind("study") is not null)
        {
            mistakes.Add(
                options.MostLikelySource("study.kind", "dataset.kind"),
                "`study` with an oracle dataset: it examines networks for images",
                "remove `study`");
        }

        foreach (string stage in (string[])["teacher", "cmt", "meanflow"])
        {
            if (HasOracle && options.Kind(stage) == "pretrained")
            {
                mistakes.Add(
                    options.MostLikelySource($"{stage}.kind", "dataset.kind"),
                    $"{stage} of kind `pretrained` with an oracle dataset, whose closed forms describe the training of this plan",
                    $"choose another kind of {stage}");
            }
        }

        if (HasOracle && options.Kind("meanflow") == None)
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.kind", "dataset.kind"),
                "an oracle dataset without meanflow has no network to evaluate",
                "choose meanflow of kind lambda, or of another kind that trains");
        }
    }

    private void CheckTeacher()
    {
        if (options.Kind("teacher") != Oracle)
        {
            return;
        }

        if (!HasOracle)
        {
            mistakes.Add(
                options.MostLikelySource("teacher.kind", "dataset.kind"),
                "teacher of kind `oracle` with images: it is the exact velocity of an oracle dataset",
                "choose a teacher of another kind");
            return;
        }

        if (options.Kind("cmt") == "trajectory")
        {
            mistakes.Add(
                options.MostLikelySource("cmt.kind", "teacher.kind"),
                "cmt of kind `trajectory` starts from the teacher's weights, but a teacher of kind `oracle` has no weights",
                "choose a teacher of kind flowMatching, or cmt of kind none");
        }

        if (options.Text("meanflow.initialisation") == "teacher")
        {
            mistakes.Add(
                options.MostLikelySource("meanflow.initialisation", "teacher.kind"),
                "`initialisation` is teacher, but a teacher of kind `oracle` has no weights",
                "set `initialisation` to random, or choose a teacher of kind flowMatching");
        }

        if (options.Numbers("teacher.bias.vector") is { } vector && Dimension() is { } dimension && vector.Count != dimension)
        {
            mistakes.Add(
                options.At("teacher.bias.vector"),
                $"`vector` has {vector.Count} numbers, but the dataset has {dimension} dimensions",
                $"write {dimension} numbers");
        }
    }

    /// <summary>Checks that in many dimensions the network converges to the exact flow: a solver for a biased one would take hours.</summary>
    private void CheckManyDimensions()
    {
        if (options.Kind("dataset.distribution") != "diagonalModes")
        {
            return;
        }

        string? teacher = options.Kind("teacher");
        string? bias = options.Kind("teacher.bias");
        if (teacher is not (null or None) && (teacher != Oracle || bias is not (null or None)))
        {
            mistakes.Add(
                options.MostLikelySource(teacher == Oracle ? "teacher.bias.kind" : "teacher.kind", "dataset.distribution.kind"),
                "a distribution of kind `diagonalModes` needs an exact teacher: networks are compared with the exact flow only",
                "choose a teacher of kind oracle with a bias of kind none, or no teacher");
        }
    }

    private int? Dimension() => options.Kind("dataset.distribution") switch
    {
        "ring" => 2,
        "mixture1d" => 1,
        "diagonalModes" => (int?)options.Number("dataset.distribution.dimension"),
        "gaussian" => options.Numbers("dataset.distribution.mean")?.Count,
        _ => null,
    };

    private void CheckEvaluation()
    {
        string? features = evaluation.Kind("features");
        if (features is not null && HasOracle != (features == None))
        {
            mistakes.Add(
                evaluation.At("features"),
                HasOracle ? $"features of kind `{features}` with an oracle dataset, which has no images" : "features of kind `none` with images",
                HasOracle ? "choose features of kind none" : "choose features of another kind");
        }

        foreach (var metric in evaluation.Items("metrics"))
        {
            if (metric.GetText("kind") is { } kind && HasOracle != (kind == Oracle))
            {
                mistakes.Add(
                    metric.Location,
                    HasOracle ? $"{kind} with an oracle dataset: it is a metric of images" : "oracle with images: their distribution is unknown",
                    HasOracle ? "remove it; use the metric of kind oracle" : "remove it");
            }
        }

        if (HasOracle && options.Kind("sampling.grid") is ("uniform" or "times"))
        {
            mistakes.Add(options.At("sampling.grid"), "`grid` with an oracle dataset, which is measured along shifted steps", "remove `grid`");
        }

        if (HasOracle && options.Text("sampling.noise") == Options.SamplingOptions.NoiseOfFile)
        {
            mistakes.Add(
                options.At("sampling.noise"), "`noise` is file with an oracle dataset, whose points are drawn from the distribution",
                "set `noise` to run or fixed");
        }

        foreach (string stage in (string[])["reconstruction", "probes"])
        {
            if (HasOracle && evaluation.Flag(stage) == true)
            {
                mistakes.Add(evaluation.At(stage), $"`{stage}` with an oracle dataset, which has no encoder", $"write \"{stage}\": false");
            }
        }
    }
}

/// <summary>Checks the parameters of distributions.</summary>
internal sealed class DistributionRules(Diagnostics mistakes)
{
    /// <summary>Checks a mean of n ≥ 1 numbers and an n × n covariance, symmetric and positive definite.</summary>
    public void CheckGaussian(OptionView view)
    {
        if (view.Numbers("mean") is not { } mean || view.Find("covariance").Node is not LocatedArray { Items: var items })
        {
            return;
        }

        var rows = items.Select(row => OptionView.Numbers(row)).OfType<IReadOnlyList<double>>().Select(row => row.ToArray()).ToArray();
        int size = mean.Count;
        if (size == 0)
        {
            mistakes.Add(view.At("mean"), "`mean` is empty", "write one number for each dimension");
        }
        else if (rows.Length == items.Count && (rows.Length != size || rows.Any(row => row.Length != size)))
        {
            mistakes.Add(
                view.At("covariance"), $"the covariance of {size} dimensions must have {size} rows of {size} numbers", "write an array of rows, each an array of numbers");
        }
        else if (rows.Length == items.Count && !IsPositiveDefinite(rows))
        {
            mistakes.Add(
                view.At("covariance"),
                "`covariance` is not symmetric and positive definite",
                "e.g. the unit matrix: " + Unit(size));
        }
    }

    /// <summary>Checks that weights, means and deviations have the same number of items.</summary>
    public void CheckLine(OptionView view)
    {
        if (view.Numbers("weights") is not { } weights)
        {
            return;
        }

        if (weights.Count == 0)
        {
            mistakes.Add(view.At("weights"), "`weights` is empty", "write one number for each component");
        }

        foreach (string name in (string[])["means", "deviations"])
        {
            if (view.Numbers(name) is { } numbers && numbers.Count != weights.Count)
            {
                mistakes.Add(
                    view.At(name), $"`{name}` has {numbers.Count} numbers, but `weights` has {weights.Count}", "write one of each for every component");
            }
        }
    }

    // Whether a Cholesky decomposition exists.
    private static bool IsPositiveDefinite(double[][] rows)
    {
        int size = rows.Length;
        double[,] lower = new double[size, size];
        for (int i = 0; i < size; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double rest = rows[i][j] - Enumerable.Range(0, j).Sum(k => lower[i, k] * lower[j, k]);
                if (rows[i][j] != rows[j][i] || (i == j && rest <= 0))
                {
                    return false;
                }

                lower[i, j] = i == j ? Math.Sqrt(rest) : rest / lower[j, j];
            }
        }

        return true;
    }

    private static string Unit(int size) => $"[{string.Join(", ", Enumerable.Range(0, size).Select(i =>
        $"[{string.Join(", ", Enumerable.Range(0, size).Select(j => (i == j ? 1 : 0).ToString(CultureInfo.InvariantCulture)))}]"))}]";
}
