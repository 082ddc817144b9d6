// Vectors of real phrases: what the analysis finds in tracks of the demo crate (`tactus demo`), eight phrases of each.
#pragma once

#include <array>
#include <string_view>

namespace tactus::library {

// Base64 of 128 signed bytes.
// clang-format off
inline constexpr std::array<std::array<std::string_view, 8>, 5> kRealVectors = {{
    {{  // Substation
        "+LXS9hUI2egIAvEeGd8ZAx8G/RArDD5NIwwQ3/IT6P0W/BP1DyPq+gENHPb96QAL++kVBwL/7/IUFv313CG3L/4XBSsM9/0Mfynh"
        "A+Ao19UGBPn/DvH1HPkSAfL+/gLiEPvq9fwbFe/yCAULBgTr9QPlBPf7DgP96x8BCwb6Cvw",
        "gRcI9yP+xOTiAggM+sgT7gMVBPgo+RkjIRoDzgAE8PIJBAMWAQLx9gEhIfTz5QMR+eYVBwYF3/r9GvLv1Rq/HfQL+zkI8/gLfDXW"
        "GfEe2xXYA/Hg9uMQBRQf9esLBQHv/gDs8wf9+wMCBRH6H/348wruDwr5Eeng7h39FQL69RU",
        "gcES5TIW7v3i8AMZCfL8DfkX///o+Cf6LQ7uBPHy6t8T/QQm/OvPIgJNDwL98QQNCg0WFzL1Cf/i+vkW9BTuCOTvJ/77Bs3WbA3J"
        "IPAXKCHk/f7i+b//Ewf88/QF//4W7/zm6gzm8OwACw/hF9368Qb0CBkMAgjyDCsJKvIfDhc",
        "gdYS2xct3vTyA9wYC/USD+4Y7Q/99jgDHRH2/PHr+O4N+gIEE+bCHP1cHwn6/An/7g8EIhnwCRz5CvckEyPj9O7kCOAB/vj6VgfS"
        "LtwHKiTT8v71DagGC//s7+wV+fIc9vzu5wf14vr9CxLwGer96wHy7CMN/BT4/CAIGvobDhY",
        "gQo69Tky8AwXFtMC/M4tFOoL9yTyBzMDATHr+N7v8eMX9wnwHOuiOAFlFjXt8+r1Gff9+vL8PeoMFgD6LcIXEOAK9QYGFggHM/Wb"
        "T7UDHwsD+8oHG8YMBPH87Pci1NQBCR73wA/p+e8gDhUFGQAF2w0T/h/5BO8SCB0jH+8ZGy4",
        "gQU/8UAx7AoTG9UPB9IsE+oS+RzrBDYICjjk7+TdANsd9hf3FOuRR/Z0DybS9fgG9t8UDPAKBPMaASUIP7cK/PXr9gwD3fbxPdaL"
        "RKoMGhXr+dAcLcUKAPv19PMWzs/8Ah31uQLs5OsZHAT7Jf8Z3hUV9xX2A+oS9Q8mKOoQFx4",
        "gQI09jMp7hEHGtEVB80hGgAU+xvnDC398yzk+9jVBdkVCf/9GuupPgxtEzHgCwUNCen3+PoRDe0MFecG8cMc9ecS4+3k3A31Ae2Y"
        "SNzhFgQNC84JLc4VB90D4/kd1t3fESHy0RT1/OcfDB72Gf0f4BgYHiri/egK+SYdNPEfER4",
        "gfZgATI34S0BLOwODdceARMhFg7gIAz5BCXJFNzUFckCBO8bFfCzVeJxMxrW9//0/fIrBwEHDRUbKhATI7kp9wLm/xr27wEUELCQ"
        "R+HxHhre8ckAHLUNG9UA6PAR69bIIRDfy/z5+/EdExL5HfEozyUVJhb3EPMI4/MsLP0NCCM",
    }},
    {{  // Paper Rockets
        "Q8ksARgDIDsL+h0Q+v3kCLnCEvsUAu3Q/wDn5w73GxwZ/eLmFwz8AAonDefmx//3ANQB/AIX5vP++fT23BUCNfYFASsJ6AoAfxPc"
        "CM0h/vLv6vTHDvEFBRMKAvwV9OkDDhH0/O8NH+73EhHyAwzyGvvwCQYH8fwO+AoNBuIJ/hM",
        "Q8ksAhkCITsN+x0Q+f/iCLrBEfwTAPDR///o5gv0GhsZ/uLmFg36AAk3GgH04gHyCMwdBwUc6uwI8vnw1hjpFe7+AisGFhUDfxPb"
        "CM4i/vPu6vXID/AGBRMKAfwU9ugCEA/0++4PH+73ExHwBAzxF/rwCQYH8fwM9QsNCOIH/xI",
        "QrZEKggMBjQW6icYCRDQJfnf+M8B9B2/F+fzC8L08PAF5e/rCvDmCAZT+RgGKRYXE/kFABYl3PjvERPo7B0N+9rX5h3wCQAHfz3h"
        "Dr8YN/ME9yXuDun9+h3v9uoI5vYM8xT9DQwdCwYKFCbf+ffpE/7oDPr89e0B8fkSDugVBxE",
        "XtJqTuodChUW7SMeChPUOA7y78/3BDegNPLv7K7k2PX31wDxGfXSJBd/8AHy8BXk+uf7FuUzzQIfGCEH+x4m+tsQ6ALWJAHscDjZ"
        "GY8BW/Hy4BUAB8YH/i0K4eUD298T+BH+Ag4v+hEFIkLZC+rUG/jaCwLz+M4B6e0fGdoS/Q4",
        "Ob5jAS4F5jH3KjAFBDYSRNTS/PkOGtvcJDv19+PrGQT+DcP+7/TmBNrgMe/fCuLg3vwABu5jEfkD3hr9HRcDBA7w1fHt5fP0KH+i"
        "LQ30+l0N9xPvJdkfDxMO6PP7E/X/4hMC9gT9DQ4AICIEIAwAEPUAB/zf9vgO/AMHA/YE4yo",
        "OMZkBi0J7C3vKi8CBTgGPtbf/PcUI9jYMzTp9u3pIQkIEMv17vXfAtbWOvrfEOro5fjyEvFZD/AC0gwPJR3/Bgn63P/58uj1Hn+s"
        "LQbq+V8L9RHuJN4eDA0Z7Pb8E/MC5Q/69fcCDhf4ICEKHRMCFvIFCP7a+PgJ/f8DCPYH4i4",
        "QDUx6OqB6u8sRcT2IzLc0IJBKAjW16jiJHxIECDF/A5E8vbLZdTA4LfBOgTbNuXk8fz7Ovx4TQQopQYVKigX/xL8zhHU0+Li6vCz"
        "VJHRy17g7AH+bQgiT+PH5wopG5npDf+tAv/vR//TADjzDgEaTOAgnCfw2fohzQYj0Nkq5BM",
        "RTsp7++U+ekdMbMDGR3+7oErFgbdxcDmM2w0CRrF/hdE+f/JY8bF5MHfPwrjR//V6/HyL/doUPYHygQeNikWGx4F0gDX3NwD5e3H"
        "VJPg10rX5wb8VwMXQufP8AElHZL9/wW4AwfuO/jNCTTtC/8FSeQcqA7t2/MWywIw090s6CY",
    }},
    {{  // Glass Estuary
        "UMkhGykKFibs8SIvEAP04N7i9evzAxPe4yDzF+H8AQn6BP4C9fXoAwsXGPzt1AQIB+AZAfwR7fgTEf773R3QHfQX7SMLBQ8BfxnU"
        "D98N8vz4/+zTEf4NAgoVBPMU+fMH+wXxBgUWGO/5EQ4DCQgGBf3+BAMG7AcU/QoO9u4B9Q4",
        "TsoiHioKFybp7SEsEQT03+Hh9en1BhXf5R72E94AAQr7BvsB9/fnBAYnFfDu3gsFCd8SBPQU8+kIEP7u6BnQJvYfARwNBAUIfxrU"
        "Dt4P9P74/OvSEvoNBAoVBPMS+fMG+wfxAwQXFu36Eg4GCgcFBf39BAMH7gYU/QoK+PAB9ww",
        "V8o8FycIHhTnAwcTEfLd/t3y+eIL+And9CL4Hu3rBiHsCeL//QLvAC4UJOn+1gjp/8wS/ukW/tcCAwfn7Qz57vgXBAP3+Q37fzTV"
        "DuALGgf+A/bYD/cI+w4G9fYH/PkH8QXyCP0PFQcHD//rBA4FD/j+BPcO6w0E8ggQCPP3Cwg",
        "Wss9FiIHHg/hAAYdGPXcA93x+eIN/wXb9Cz7JObuAyHwBd4B+Pnm+hEgMO791gQQDc8T/hIZ9vIKFAz62gfg+e4j3vcPCPMAfzbS"
        "DeAMIAn7BADRFPEL+QoK+usI+P0N8w3zCf4REgMKGP/f+hIAD+8BBP0E6QsL/AURB/X/EQs",
        "83vBm+ol0arlCrcd8iaG+8tWESIQGu/TzWdWDwsT2Q8CLOH9LQDf+u9/BDcgQisO3ikR/dj6ER8L0GLgMw0HFgHtKOsM1+ntGHUs"
        "4de4/vX2aEkVK/fd0xG3qf0r6sND0wQbFAc0KRHBww7fDyodPuPtAfoMvTks6gMlG+gdCAE",
        "63G7rOMg8/rqJrsi2TeX18h/3QIUJfzn8VE1HRP7zzDyK+z1D/wLDeheD/4HPvkS2Of55dvRTwM0K/wbFvw5NOL+3CLh78YZ9TZN"
        "1s6tA/vtQSgbQPzv3RPUt/crC7003Aj9BRQzCyvJsDLnDCQLOtgL9+33wFUs8Q/8Kw8rBe4",
        "E3/Q0tcgABEEI8330hWo6+BN5A8rAObw+DA6HgH2yxUQBtztFf4AG8kSAAQeUfIQ79wZ4u4AMgw47QP9BRwbJ9//CxC3Efb00fP1"
        "AMbrzBICMggoSEEE5OTMzykGCq0D+uf7ARf1DiIA1yHtLfIHLv/v7SoHwToD0vHp+RMfCAg",
        "UX/CxbsFCA/l5d4H9u6I9Rg4ENn8DPIAD0L4Bh/0zuUGywcNBwrdNrvvAe4SWNr82uQxCynvPQ4tGAIS6QExL/nmFQzR9fzypOLu"
        "CSL4B/z/WwT6Hw3q9PHsyCruBKcQ+zAd/+nhHCMW/xOtHOjaIgcQHxjNxSIPytsFKigx59w",
    }},
    {{  // Low Tide
        "78Xx2RLk3NXfCg0nPtPi9TMQDtcp5gwaICYB4Oz6+/MV8P8oBCft7RMiG+/4AfkQAucNEPYGxAP+G+3z2w/LG+8J+jcZBPz2fyvb"
        "CM0Xu9wB+gfm+wgRAAAK8+IVBfL2GQjz/AcfEgH///70Awrq8wTtAQH7//T47hIACAMA/gY",
        "Jpvu4hn39/PlGQ4mNufP5Br6E+IH1gkBGSYB/OsN8e/8+QYi7grm6xYyF/joD/UUCuv5DvIaw/3nIOP37P3u+fL87if4GA75fw7Y"
        "Gtka2PsE8uTf9BAQDgEH8v0J9d/7E/728BYQAeL7DPr2BP389hLx/AILCyAG+SHx/u8K/wU",
        "gbDl8Sb28tvK4+EPC/vlEubg+tbbACEDFxjkA93n9f8NFPYeCffgFd1HGwko5//48Q4BKPAOIggk7PksGRYM9Anp1hEbJgIFQyK9"
        "BxgJIRbnHj0SAMzhGOHS+OoSB/9H/woKAx/c9PTu/PDqGNXr9/kS8QsM3gn1Gyv9GvMi6xU",
        "gcHo7Pv86trf4vAXCwT0GOLg+9rhAx3yGBfjBuLi8Pf4DvUYFwPpEeI8GwAf5vrx7hEEIPf4Iw4r+AYwFAz+/v/k1AsTHfz+EPbB"
        "+wL9IR3ODxogELDqH+Lg6fUMDvo3FQn3+w3b7gDk+P7/KM344PcE9w4O7ggCGCQBFfAb5Q8",
        "gegp9BEH+ubtxfTQCv/uB+K1D/vGGREQBB7nFuzO6/H2EuUgDfrNEsn8HgzzCRrqBx0HDPU0MwQq4RQqHSYYDvcCzRX29Pvj/wet"
        "Euwg/h/RDwIgD63PCOLj2PoFB/gpFw7r5wnb6+LsCv4HLdgQ1PoS7xkD6fsNDCMFIekg1ig",
        "gfsq9hYC++rmwunZDPrrBd/DCvrJJSIVCRXkGuXZ4vf6EOscCf/FHdHwFCYCCxvuDfv8EOAZJxAy4SgeHjEjCvwFzAoR9ffiAAiy"
        "E+sT+CTeDAEeDK/KC+Lm0gYLCvgkGRHl3hLl7OrkBv0DMdcR1/QK7BcD6vYOEiL/HOgy1ig",
        "gQ0kuAE3AN0B7bQSKxbnDa4FDSLZMQ0b5Rz0Cu+W1vPW6ssiBfeUK9T0LSXtPgnhNBcJEfVTOAsr0RQqARUkBu36rBTm/iIF2PSl"
        "MtUK6SW7I/YUI7r3GJzh5egmCdsgP/TP3iLw9eHx7wLfOskZA/Il2z/r4fgi9B/zHvtP6ic",
        "gRgfuPUyBt8A77MDHSLjD7P5FSjbLw8g5R3uBuei4O7XAOISDvadKt/mDyDwGB/ECgf6HfBDRBw95BUQGyEyByQKrQn+7gPx3PSk"
        "Ic4P5yXBEwoPKrbyHazV2+EjGc8TNgrn6hHuAub+6gzhLrMj+Pkn7zr38AUjDjELD/hA7CM",
    }},
    {{  // Mirror Season
        "gQr87ir1xt3l+QsF89MF7AQP+PQc8CUYJBgE1/b78/QJAf4hDP75/QIXH/bt3QQI/+IVBfcE4PEBC/Tv5xO6IfkUATYB9fcYfizd"
        "CPcI4A3sBwHX+toRDBAv/OYYEAYKDgzpAwf7Ah0KDAn3HgD47gb3DQXy+uH47QDzEwcQ8A4",
        "ig/78hQXyt/6HugK+toU5PsI8BMX/joiGhwT3AUK/PsGD/j8D/zz+wMMHPf96wEK+ugWBwH97/ESFvv03R+2Lv4ZBCoM9/oJfyrY"
        "DPUE5RHsCf3ZAN4RBwwk9uogDfUGDQ7nBwr/BBwLCwn1Gwn49AH7CATx9u0E6gr5EAoT+As",
        "ksEN1jod9foJ9dHy9PAM/9IJ9B779BYFH/3+8PoO/fYCHhUA/eDC6vhFBALnDwkK+esI/gQD5vbOJwr6BAHh7frs7CXJ5ff0fxfs"
        "FtEtG+IABOve4Oj/ESAE9xEa9uIXBfwN+gn0Cfj8AgDxDezvIA4FBgkT9g7k9R/uDeIL//g",
        "geIA9OwCzNUK8Mvy9/bs9dHwDQgBFxn7GvwHCOwB9/H9DgoDBP/a3QFNB//79tr/4w7f9gHoK/j6GhMKKPP8+Pn16xcCFQUSRNcK"
        "GrsFKfnw9uPh+8v2LQIV6wcRAdEoAxr6+gcGJAvt7wTrFv8E+A74BwsQAgUA+hDpFtAb9wQ",
        "gQ8TRgUEogPiAcra8tYDALjlCe0N+CMOAvgPFN0U2d3lFxH0FPbR6QQJuB0KAc7t7uXVXRQHE+gK5PrgA+TwAyny8fnwDwz1Pg3d"
        "HqQ9MDz5CMkRLBjUMur8HfUa4/8rwyH78iYYCAL2DhDzLgMo9Pse++v66vj1GBDqD+n58BI",
        "gQwQQPwCpwHiBMfe+9wC+8LvBe8OBB0TCPoFDe0I19buJg/0CALX7QgPwB4I/tD16uXbUx0KDewL3fjg+9/4BSn5/vX4DQz5PQ7g"
        "HKc4MT32B9ITJBTiM+r1F/cV5v4kyh789SgZBwDrDxT5KAMp7fwh+Ov/8fT5GwrrCu368A8",
        "gUr2EuMiyeXfLcbp9+8AC7ImEe4MCC3zDRL/Cgb0wdb5KhvkPwbUDv8NsiMTCdDh7e3TVSoXHe0S5wPhAuznCyj36uvuAAzw6Qvg"
        "Lq7uEzMOJdsgTCHmR733Luod+PAK0gXzCkUHBPYGBSbxN9cTFNNBCf72/en8D/n46vz1CRQ",
        "gUH2B+kezvXfJcnsBPP8CbEnBPwGBSL8AxkA9AT6x9b+LA/2NALYBfcGux8TC9bj8vDcVCESHvcU5fnjBO/tBin57+znBwn04wzk"
        "J7z0GDETHdoZQR3mRroAJO8eA+wQ2QLvCkAJ//YEBiH0NtsPE9Q0DP3x/u36EPfs7QX4AxM",
    }},
}};
// clang-format on

}  // namespace tactus::library
